import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as rowhouse from '../src/index'

const read = (path: string): string => readFileSync(join(__dirname, '..', path), 'utf8')

const page = read('docs/errors.md')
const source = read('src/errors.ts') + read('src/run-errors.ts')
const codes = [...read('src/error-codes.ts').matchAll(/\| '(ROWHOUSE_\w+)'/g)].map(([, code]) => code!)
const classes = [...source.matchAll(/^export class (\w+) extends RowhouseError/gm)].map(([, name]) => name!)

test('there are codes and classes to look for', () => {
  expect(codes.length).toBeGreaterThan(20)
  expect(classes.length).toBeGreaterThan(18)
})

test.each(codes)('docs/errors.md has cause and cure of %s', (code) => {
  const row = page.split('\n').find((line) => line.startsWith(`| \`${code}\``))
  expect(row?.split('|').filter((cell) => cell.trim() !== '')).toHaveLength(4)
})

test('docs/errors.md has no code that is gone', () => {
  expect([...page.matchAll(/^\| `(ROWHOUSE_\w+)`/gm)].map(([, code]) => code).sort()).toEqual(
    [...codes].sort(),
  )
})

test.each(classes)('%s is exported', (name) => {
  expect(rowhouse).toHaveProperty(name)
})
