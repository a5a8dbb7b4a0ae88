import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { ServerFiles } from './server-files'

/** Servers are not on every user's PATH. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/mysql/bin', '/opt/homebrew/bin']

/** A server that is installed on this machine; undefined where there is none. Nothing of its own data is touched. */
export function findInstalled(path = process.env.PATH ?? ''): ServerFiles | undefined {
  const server = findProgram(['mariadbd', 'mysqld'], path)
  if (server === undefined) return undefined
  return {
    server,
    install: findProgram(['mariadb-install-db', 'mysql_install_db'], path),
    options: [],
    env: {},
  }
}

function findProgram(names: readonly string[], path: string): string | undefined {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), ...MORE_FOLDERS]
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((file) => existsSync(file))
}
