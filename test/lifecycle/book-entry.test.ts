import { entryOf } from '../../src/lifecycle/book-entry'
import type { EntryParts } from '../../src/lifecycle/book-entry'
import type { TenantNames } from '../../src/lifecycle/options'

const names = { id: 'acme', schema: 'tenant_acme' } as unknown as TenantNames
const file = { name: '20200101000000_a', version: 20200101000000, path: '/a.sql' }
const books = (applied: readonly string[], more: Partial<EntryParts> = {}): EntryParts => ({
  ...{ files: [file], applied, unfinished: undefined, ...more },
})

test.each([20200101000000, 20200101000000n, '20200101000000'])('a version may be %p', (version) => {
  expect(entryOf(names, books([]), version, 'applied')).toEqual({ file, direction: 'up' })
  expect(entryOf(names, books([file.name]), version, 'reverted')).toEqual({ file, direction: 'down' })
})

test('what is so already is refused, and so is a version without a file', () => {
  expect(() => entryOf(names, books([file.name]), file.version, 'applied')).toThrow(/is applied already in/)
  expect(() => entryOf(names, books([]), file.version, 'reverted')).toThrow(/is not applied in tenant "acme"/)
  for (const entry of ['applied', 'reverted'] as const)
    expect(() => entryOf(names, books(['20200102000000_gone']), '20200102000000', entry)).toThrow(
      /no migration with the version 20200102000000/,
    )
})

test('a row of another name is taken out under that name, and not written twice', () => {
  const renamed = books(['20200101000000_before'])
  expect(entryOf(names, renamed, file.version, 'reverted')).toEqual({
    ...{ file: { ...file, name: '20200101000000_before' }, direction: 'down' },
  })
  expect(() => entryOf(names, renamed, file.version, 'applied')).toThrow(/as 20200101000000_before/)
})

test('an unfinished migration is to be ended first', () => {
  const unfinished = { name: file.name, direction: 'up', statement: 2, error: undefined } as const
  expect(() => entryOf(names, books([], { unfinished }), file.version, 'applied')).toThrow(/rowhouse repair/)
})
