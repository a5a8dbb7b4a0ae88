import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setHeaders } from '../../src/admin/headers'

test('docs/admin.md has the headers that are sent', () => {
  const sent: string[] = []
  setHeaders({ setHeader: (name: string, value: string) => sent.push(`${name}: ${value}`) } as never)
  const page = readFileSync(join(__dirname, '../../docs/admin.md'), 'utf8')
  const [, listed] = /```\n(Content-Security-Policy[^`]*)```/.exec(page)!
  expect(listed!.trim().split('\n').sort()).toEqual([...sent].sort())
})
