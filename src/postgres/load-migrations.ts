import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { ColumnDefinitions, MigrationBuilder } from 'node-pg-migrate' with {
  'resolution-mode': 'import',
}
import type { Direction } from '../engine'
import { MigrationFolderError } from '../errors'
import { loadMigrationModule } from '../migration-module'
import { readThrown } from '../thrown'

/** What a file does in one direction; with a second parameter it calls that back when it is done. */
export type MigrationAction = (pgm: MigrationBuilder, done?: () => void) => unknown

/** What a migration file exports. */
export interface MigrationActions {
  readonly up?: MigrationAction | false
  /** False: there is no way down. Undefined: the reverse of `up`. */
  readonly down?: MigrationAction | false
  readonly shorthands?: ColumnDefinitions
  /** In which line each section of an SQL file begins, from 1. */
  readonly lines?: Readonly<Record<Direction, number>>
}

/** A file, ready to be called. */
export interface LoadedMigration {
  /** The same object until the file changes. */
  readonly actions: MigrationActions
  /** Short names of column types, from this file and the ones before it. */
  readonly shorthands: ColumnDefinitions
}

/** Loads the migrations of a folder, by absolute path. */
export type MigrationLoader = (folder: string) => Promise<ReadonlyMap<string, LoadedMigration>>

const MIGRATION = /^\d{14}[_-].*(?<!\.d)\.(?:[cm]?[jt]s|sql)$/
const SECTION = { up: /^\s*--[\s-]*up\s+migration/im, down: /^\s*--[\s-]*down\s+migration/im }

/** Makes a loader that loads each file once, and again only after it was changed. */
export function createMigrationLoader(): MigrationLoader {
  const loaded = new Map<string, { readonly changed: number; readonly actions: Promise<MigrationActions> }>()
  const actionsOf = async (path: string): Promise<MigrationActions> => {
    const { mtimeMs } = await stat(path)
    let entry = loaded.get(path)
    if (entry?.changed !== mtimeMs) {
      entry = { changed: mtimeMs, actions: load(path) }
      loaded.set(path, entry)
    }
    return entry.actions
  }
  return async (folder) => {
    const entries = await readdir(folder, { withFileTypes: true })
    // All versions have 14 digits, so the order of the names is the one of the versions.
    const names = entries
      .filter((entry) => !entry.isDirectory() && MIGRATION.test(entry.name))
      .map(({ name }) => name)
    const paths = names.sort().map((name) => join(folder, name))
    const all = await Promise.all(paths.map(actionsOf))
    let shorthands: ColumnDefinitions = {}
    return new Map(
      paths.map((path, index) => {
        const actions = all[index]!
        shorthands = { ...shorthands, ...actions.shorthands }
        return [path, { actions, shorthands }]
      }),
    )
  }
}

async function load(path: string): Promise<MigrationActions> {
  if (extname(path) === '.sql') return toActions(await readFile(path, 'utf8'))
  try {
    return await loadMigrationModule<MigrationActions>(path)
  } catch (cause) {
    throw new MigrationFolderError(`Migration ${path} can't be loaded: ${readThrown(cause).message}`, {
      cause,
    })
  }
}

/** The sections of an SQL migration, as node-pg-migrate marks them; a file without marks is all up. */
function toActions(text: string): MigrationActions {
  const up = text.search(SECTION.up)
  const down = text.search(SECTION.down)
  const send =
    (sql: string): MigrationAction =>
    (pgm) =>
      pgm.sql(sql)
  const lineAt = (at: number): number => text.slice(0, Math.max(at, 0)).split('\n').length
  const lines = { up: lineAt(up), down: lineAt(down) }
  if (down === -1) return { up: send(text.slice(Math.max(up, 0))), down: false, lines }
  return up > down
    ? { up: send(text.slice(up)), down: send(text.slice(down, up)), lines }
    : { up: send(text.slice(Math.max(up, 0), down)), down: send(text.slice(down)), lines }
}
