import { ignoredAt } from '../../src/fleet/lint-ignores'

const lines = (text: string): string[] => text.split('\n')

test('a comment above a statement is for that statement alone', () => {
  const text = lines(`-- Up Migration
-- rowhouse-lint-ignore drop-column, rename

-- since 3.2 nobody reads it
alter table a drop column b;
alter table a drop column c;`)
  expect([...ignoredAt(text, 5)]).toEqual(['drop-column', 'rename'])
  expect([...ignoredAt(text, 6)]).toEqual([])
})

test('behind a statement, in a string or with another word it is none', () => {
  expect([...ignoredAt(lines('select 1; -- rowhouse-lint-ignore rename\ndrop table a'), 2)]).toEqual([])
  expect([...ignoredAt(lines("select '\n-- rowhouse-lint-ignore rename\n';\ndrop table a"), 4)]).toEqual([])
  expect([...ignoredAt(lines('-- rowhouse-lint-ignored rename\ndrop table a'), 2)]).toEqual([])
})

test('what has no line is about all of the file', () => {
  const text = lines('export function up() {}\n  // rowhouse-lint-ignore no-way-down')
  expect([...ignoredAt(text, undefined)]).toEqual(['no-way-down'])
})
