import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const read = (path: string): string => readFileSync(join(__dirname, '../..', path), 'utf8')

const page = read('docs/doctor.md')
const codes = [...read('src/doctor/finding.ts').matchAll(/\| '([a-z-]+)'/g)].map(([, code]) => code!)

test('there are codes to look for', () => {
  expect(codes.length).toBeGreaterThan(20)
})

test.each(codes.filter((code) => code !== 'warning'))('docs/doctor.md has reason and cure of %s', (code) => {
  const rows = page.split('\n').filter((line) => line.startsWith(`| \`${code}\``))
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) expect(row.split('|').filter((cell) => cell.trim() !== '')).toHaveLength(4)
})

test('docs/doctor.md has no code that is gone', () => {
  for (const [, code] of page.matchAll(/^\| `([a-z-]+)`/gm)) expect(codes).toContain(code)
})
