import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setHeaders } from '../../src/admin/headers'
import { complaints, snippets } from '../support/snippets'

const root = join(__dirname, '../..')
const PREAMBLE = `
  import http from 'node:http'
  import express from 'express'
  import { createTenancy } from 'rowhouse'
  import { adminRouter } from 'rowhouse/admin'
  import { postgres } from 'rowhouse/postgres'
  declare global { namespace Express { interface Request { user?: { name: string; isAdmin: boolean } } } }
  declare const audit: (...facts: unknown[]) => void
  const tenancy = createTenancy({ engine: postgres({}) })
  const app = express()
  const authorize = (req: http.IncomingMessage): boolean => req.headers.authorization === 'Bearer secret'
`

test('every snippet of docs/admin.md has the types that it says', () => {
  const found = snippets('admin.md')
  expect(found.length).toBeGreaterThan(3)
  const modules = found.map((snippet, index): [string, string] => {
    const own = snippet.replace("import { adminRouter } from 'rowhouse/admin'\n", '')
    return [join(root, `snippet-${index}.ts`), `${PREAMBLE}\n${own}\nexport {}`]
  })
  expect(complaints(new Map(modules))).toEqual([])
})

test('docs/admin.md has the headers that are sent', () => {
  const sent: string[] = []
  setHeaders({ setHeader: (name: string, value: string) => sent.push(`${name}: ${value}`) } as never)
  const [, listed] = /```\n(Content-Security-Policy[^`]*)```/.exec(
    readFileSync(join(root, 'docs/admin.md'), 'utf8'),
  )!
  expect(listed!.trim().split('\n').sort()).toEqual([...sent].sort())
})
