import { readdir } from 'node:fs/promises'
import { join, parse } from 'node:path'
import type { MigrationFile } from '../engine'
import { MigrationFolderError } from '../errors'
import { parseFileName } from './file-name'

const KINDS = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.sql'])

/**
 * Reads which migrations a folder has. Files of other kinds, dot files and type declarations are passed over.
 *
 * @param folder - absolute path
 * @returns by version, ascending
 * @throws {@link MigrationFolderError} if there is no such folder, a name has no version, or two files have one version
 */
export async function readMigrationFolder(folder: string): Promise<readonly MigrationFile[]> {
  const files = (await readNames(folder)).filter(isMigration).map((file): MigrationFile => {
    const { version, name } = parseFileName(parse(file).name)
    return { version, name, path: join(folder, file) }
  })
  files.sort((one, other) => one.version - other.version)
  files.forEach((file, index) => {
    const before = files[index - 1]
    if (before?.version !== file.version) return
    throw new MigrationFolderError(
      `Two migrations have the version ${file.version}: ${parse(before.path).base} and ${parse(file.path).base}. Give one of them another time.`,
    )
  })
  return files
}

async function readNames(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  } catch (cause) {
    if (!['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause
    throw new MigrationFolderError(
      `There is no migration folder ${folder}. Make it, write a first migration with "rowhouse new", or set the option \`migrations\`.`,
      { cause },
    )
  }
}

function isMigration(file: string): boolean {
  return !file.startsWith('.') && KINDS.has(parse(file).ext) && !/\.d\.[cm]?ts$/.test(file)
}
