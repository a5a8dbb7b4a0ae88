import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { neededPackages } from './needed'

/** What to unpack, and where. */
export interface Wanted {
  /** Names of packages, of which the first one is looked for in the package lists: `['pgbouncer']`. */
  readonly packages: readonly string[]
  /** Name of the folder that they are kept in, `rowhouse-pgbouncer`. */
  readonly name: string
  /** Which file there must be in the end, `usr/sbin/pgbouncer`. */
  readonly program: string
  /** Packages that it runs without, although it depends on them. */
  readonly without?: RegExp
}

/** Packages in a folder. */
export interface Unpacked {
  /** In place of `/`. */
  readonly root: string
  /** For LD_LIBRARY_PATH. */
  readonly libraries: string
}

/** Every Debian has them, or they are of no use to a server in a folder. */
const NOT_NEEDED =
  /^(perl|debconf|cdebconf|init|systemd|dpkg|tar|libc6|adduser|passwd|lsb|ssl-cert|openssl)\b/

/**
 * Packages of Debian or Ubuntu, with what they need, unpacked into a cache folder: nothing is installed, and no root is
 * needed. Only the first time takes some seconds.
 *
 * @param parent - of the cache folder
 * @throws when this system has no apt, or the packages can't be had
 */
export function unpackDebian(wanted: Wanted, parent = cacheFolder()): Unpacked {
  const cache = join(parent, wanted.name)
  const root = join(cache, 'root')
  if (!existsSync(root)) unpack(wanted, cache, root)
  const libraries = ['usr/lib', 'lib'].map((folder) => join(root, folder, machineFolder(root)))
  return { root, libraries: libraries.join(':') }
}

/** The user that runs the server can't look into root's home. */
function cacheFolder(): string {
  return process.getuid?.() === 0 ? '/var/cache' : process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
}

function unpack({ packages: names, program, without }: Wanted, cache: string, root: string): void {
  const own = (name: string): string => join(cache, `${name}-${process.pid}`)
  const [packages, fresh, state] = [own('packages'), own('root'), own('apt')]
  for (const folder of [packages, fresh]) mkdirSync(folder, { recursive: true })
  try {
    const apt = aptOptions(names[0]!, state)
    run('apt-get', [...apt, 'download', ...packageNames({ names, without, apt })], packages)
    for (const file of readdirSync(packages)) run('dpkg-deb', ['-x', join(packages, file), fresh])
    chmodSync(fresh, 0o755)
    moveOnce(fresh, root, program)
  } finally {
    for (const folder of [packages, fresh, state]) rmSync(folder, { recursive: true, force: true })
  }
}

/** Whole or not at all: another process may unpack the same at the same time. */
function moveOnce(fresh: string, root: string, program: string): void {
  try {
    renameSync(fresh, root)
  } catch (error) {
    if (!existsSync(join(root, program))) throw error
  }
}

/**
 * A fresh image has no package lists: then private ones, since only root may write the system's; and of this process
 * alone, since apt refuses to fetch lists into a folder where another one does.
 */
function aptOptions(name: string, state: string): readonly string[] {
  if (isKnown(name, [])) return []
  const [lists, downloads] = [join(state, 'lists'), join(state, 'cache')]
  for (const folder of [join(lists, 'partial'), join(downloads, 'archives/partial')])
    mkdirSync(folder, { recursive: true })
  const options = [
    '-o',
    `Dir::State::lists=${lists}`,
    '-o',
    `Dir::Cache=${downloads}`,
    '-o',
    'APT::Sandbox::User=root',
  ]
  run('apt-get', [...options, 'update'])
  return options
}

function isKnown(name: string, apt: readonly string[]): boolean {
  try {
    return run('apt-cache', [...apt, 'show', name]).includes('Filename:')
  } catch {
    return false
  }
}

/** apt computes what the server needs, since names differ between releases (libaio1, libaio1t64); minus what is there. */
function packageNames({
  names,
  without,
  apt,
}: {
  readonly names: readonly string[]
  readonly without: RegExp | undefined
  readonly apt: readonly string[]
}): string[] {
  const no = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
    (kind) => `--no-${kind}`,
  )
  const listing = run('apt-cache', [...apt, 'depends', '--recurse', ...no, ...names])
  const installed = run('dpkg-query', ['-W', '-f', '${db:Status-Abbrev} ${Package}\n'])
  const present = new Set([...installed.matchAll(/^ii\s+(\S+)$/gm)].map((match) => match[1]!))
  const isNeeded = (name: string): boolean =>
    !present.has(name) && !NOT_NEEDED.test(name) && without?.test(name) !== true
  // Shows real packages only, and drops the virtual names.
  const shown = run('apt-cache', [
    ...[...apt, 'show', '--no-all-versions'],
    ...neededPackages(names, listing, isNeeded).filter((name) => !name.startsWith('<')),
  ])
  return [...new Set([...shown.matchAll(/^Package: (\S+)$/gm)].map((match) => match[1]!))]
}

function machineFolder(root: string): string {
  return readdirSync(join(root, 'usr/lib')).find((name) => name.endsWith('-linux-gnu')) ?? ''
}

function run(file: string, args: readonly string[], cwd?: string): string {
  return execFileSync(file, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
}
