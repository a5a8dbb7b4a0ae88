import { readMigrationFolder } from '../../src/migrations/folder'
import { MigrationFolder } from '../support/migrations'

const folders: MigrationFolder[] = []
const folderOf = (...names: string[]): string => {
  const folder = new MigrationFolder(Object.fromEntries(names.map((name) => [name, ''])))
  folders.push(folder)
  return folder.path
}
afterAll(() => folders.forEach((folder) => folder.remove()))

test('files are listed by version, whatever their language', async () => {
  const path = folderOf(
    '20200103000000_c.sql',
    '20200101000000_a.ts',
    '20200102000000_b.js',
    '20200104000000_d.mjs',
  )
  const files = await readMigrationFolder(path)
  expect(files.map(({ name }) => name)).toEqual([
    '20200101000000_a',
    '20200102000000_b',
    '20200103000000_c',
    '20200104000000_d',
  ])
  expect(files[0]!.path).toBe(`${path}/20200101000000_a.ts`)
})

test('what is no migration is passed over', async () => {
  const path = folderOf(
    '20200101000000_a.ts',
    'README.md',
    '.hidden.ts',
    '20200101000000_a.d.ts',
    '20200101000000_a.ts.map',
  )
  expect((await readMigrationFolder(path)).map(({ name }) => name)).toEqual(['20200101000000_a'])
})

test('two files with one version are refused', async () => {
  const path = folderOf('20200101000000_a.ts', '20200101000000_b.sql')
  await expect(readMigrationFolder(path)).rejects.toMatchObject({
    code: 'ROWHOUSE_MIGRATION_FOLDER',
    message: expect.stringContaining('20200101000000_a.ts and 20200101000000_b.sql'),
  })
})

test('another format of versions is refused, with what to do', async () => {
  await expect(readMigrationFolder(folderOf('1735689600000_a.ts'))).rejects.toThrow(/14 digits.*Rename/)
})

test('a folder that is not there is named', async () => {
  await expect(readMigrationFolder('/nowhere/at-all')).rejects.toThrow('/nowhere/at-all')
})

test('an empty folder has no migrations', async () => {
  expect(await readMigrationFolder(folderOf())).toEqual([])
})
