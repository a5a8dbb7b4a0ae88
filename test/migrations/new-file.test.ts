import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readMigrationFolder } from '../../src/migrations/folder'
import { createMigrationFile } from '../../src/migrations/new-file'
import { MIGRATION_TEMPLATES } from '../../src/postgres/migration-templates'
import { MigrationFolder } from '../support/migrations'

const folder = new MigrationFolder()
afterAll(() => folder.remove())

const create = (name: string, kind: 'ts' | 'js' | 'sql', path = folder.path): Promise<string> =>
  createMigrationFile(path, name, { kind, template: MIGRATION_TEMPLATES[kind] })

test('a new file has a UTC version, a snake_case name, and the template', async () => {
  const path = await create('CreateUsers', 'ts')
  expect(basename(path)).toMatch(/^20\d{12}_create_users\.ts$/)
  expect(readFileSync(path, 'utf8')).toContain('export function down')
})

test('files made in one second get versions of their own', async () => {
  const paths = [await create('one', 'sql'), await create('two', 'sql'), await create('three', 'js')]
  const versions = paths.map((path) => basename(path).slice(0, 14))
  expect(new Set(versions).size).toBe(3)
  expect(await readMigrationFolder(folder.path)).toHaveLength(readdirSync(folder.path).length)
})

test('the folder is made where there is none', async () => {
  const path = join(folder.path, 'deep', 'er')
  await create('first', 'sql', path)
  expect(existsSync(path)).toBe(true)
})

test('a name that leads out of the folder writes nothing', async () => {
  await expect(create('../evil', 'ts')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_FOLDER' })
  expect(readdirSync(join(folder.path, '..')).filter((name) => name.includes('evil'))).toEqual([])
})
