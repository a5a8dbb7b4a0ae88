import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MigrationKind } from '../engine'
import { snakeCase, versionOf } from './file-name'

/**
 * Writes a new migration. Makes the folder where there is none, and overwrites nothing.
 *
 * @param name - `CreateWidgets` or `create_widgets`
 * @returns absolute path, `.../tenant-migrations/20261124101500_create_widgets.ts`
 * @throws MigrationFolderError for a name that can't be one
 */
export async function createMigrationFile(
  folder: string,
  name: string,
  { kind, template }: { readonly kind: MigrationKind; readonly template: string },
): Promise<string> {
  const slug = snakeCase(name)
  await mkdir(folder, { recursive: true })
  const taken = new Set((await readdir(folder)).map((file) => file.slice(0, 14)))
  for (let time = Date.now(); ; time += 1000) {
    const version = versionOf(new Date(time))
    if (taken.has(String(version))) continue
    const path = join(folder, `${version}_${slug}.${kind}`)
    await writeFile(path, template, { flag: 'wx' })
    return path
  }
}
