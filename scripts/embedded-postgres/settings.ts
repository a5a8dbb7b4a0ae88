import { join } from 'node:path'
import type { PostgresVersion } from './binaries'

/** Server settings by name, `{ max_connections: 50 }`. */
export type ServerSettings = Readonly<Record<string, string | number>>

const DEFAULTS: ServerSettings = { max_connections: 200, unix_socket_directories: '' }

/** Data that nobody reads after the server's end needs no protection against a crash. */
const TEMPORARY_DEFAULTS: ServerSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
}

/** The command that makes a data folder. UTF-8 on each machine alike, whichever locales the system has. */
export function initdbArguments(binaries: string, dataDir: string, version: PostgresVersion): string[] {
  const locale = version >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []
  return [
    join(binaries, 'bin', 'initdb'),
    ...['-D', dataDir, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'],
    ...locale,
    ...['--no-sync', '--no-instructions'],
  ]
}

/** The command that runs the server. */
export function serverArguments(
  binaries: string,
  dataDir: string,
  settings: ServerSettings,
  isTemporary: boolean,
): string[] {
  const all = { ...DEFAULTS, ...(isTemporary ? TEMPORARY_DEFAULTS : {}), ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return [join(binaries, 'bin', 'postgres'), '-D', dataDir, ...flags]
}
