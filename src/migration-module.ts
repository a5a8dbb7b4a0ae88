import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { importHostModule } from './host-modules'

/** Loads a migration that is a program, `.ts`, `.js`, `.mjs` or `.cjs`, as it is in the file now. */
export async function loadMigrationModule<T>(path: string): Promise<T> {
  const [{ createJiti }, source] = await Promise.all([
    importHostModule('jiti', () => import('jiti')),
    readFile(path, 'utf8'),
  ])
  const jiti = createJiti(path, { moduleCache: false })
  // Not `jiti.import()`: where a file has no TypeScript in it, that leaves it to Node, which never loads a file again.
  return jiti.evalModule(source, {
    filename: path,
    ext: extname(path),
    async: true,
    forceTranspile: true,
  }) as Promise<T>
}
