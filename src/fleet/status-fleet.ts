import type { Books, MigrationFile, UnfinishedMigration } from '../engine'
import { Workers } from '../lifecycle/workers'
import { changedFiles, standingOf } from '../migrations/target'
import { newestOf } from './plan-fleet'
import type { FleetPlace } from './plan-fleet'
import { surveyWithHalfMade } from './survey-fleet'

/** Whom to look at, and with what. */
export interface LookParts extends FleetPlace {
  readonly concurrency: number
}

/** Where some tenants stand. */
export interface FleetState {
  /** Nothing is pending, missing, renamed, changed or unfinished. */
  readonly isAtHead: boolean
  /** Of the newest applied migration; undefined where there is none. */
  readonly version: number | undefined
  /** Names of the files that are not applied. */
  readonly pending: readonly string[]
  /** Names of applied migrations whose file is gone. */
  readonly missing: readonly string[]
  /** Names of files whose version is applied under another name. */
  readonly renamed: readonly string[]
  /** Names of applied migrations whose file is another one now, on an engine that looks at them. */
  readonly changed: readonly string[]
  /** A migration that must be ended before another one runs; only where there is one. */
  readonly unfinished?: UnfinishedMigration
}

/** Tenants that stand in the same place. */
export interface FleetGroup extends FleetState {
  /** Ids, by schema name. */
  readonly tenants: readonly string[]
}

/** A tenant that can't be looked at or migrated, and why. */
export interface TenantProblem {
  readonly tenant: string
  readonly error: Error
}

/** Where all tenants stand. */
export interface FleetStatus {
  /** How many were looked at: those in groups and those with a problem. */
  readonly tenants: number
  readonly atHead: number
  /** Names of the migration files, in their order. */
  readonly migrations: readonly string[]
  /** The greatest groups first. */
  readonly groups: readonly FleetGroup[]
  /** Ids of tenants whose creation was interrupted, or is on the way; they are in no group. */
  readonly creating: readonly string[]
  /** Ids of suspended tenants; they are in their groups, too. */
  readonly suspended: readonly string[]
  readonly problems: readonly TenantProblem[]
}

/** Looks where each tenant stands, a chunk of them in two questions. Writes nothing. @throws MigrationFolderError */
export async function statusFleet(parts: LookParts): Promise<FleetStatus> {
  const { engine, owner, readFiles, names, concurrency } = parts
  const files = await readFiles()
  const workers = new Workers(() => engine.openWorker())
  try {
    const place = { workers, owner, concurrency, known: new Map<string, Books>() }
    const { found, halfMade } = await surveyWithHalfMade(place, names)
    const now = await workers.lend(async (worker) => worker.checksums?.(files), 0)
    const states = new Map<string, { readonly state: FleetState; readonly key: string }>()
    const groups = new Map<string, FleetGroup & { readonly tenants: string[] }>()
    const problems: TenantProblem[] = []
    const suspended: string[] = []
    for (const { id, problem, found: schema } of found) {
      if (problem !== undefined) {
        problems.push({ tenant: id, error: problem })
        continue
      }
      if (schema.mark?.state === 'suspended') suspended.push(id)
      const books = schema.books as Books
      const known = states.get(books.state) ?? keyed(stateOf(books, files, now))
      states.set(books.state, known)
      // Books that differ in their order, or in when a file was changed, are one place to whoever reads the answer.
      const group = groups.get(known.key)
      if (group === undefined) groups.set(known.key, { tenants: [id], ...known.state })
      else group.tenants.push(id)
    }
    const bySize = [...groups.values()].sort((one, other) => other.tenants.length - one.tenants.length)
    const heads = bySize.filter(({ isAtHead }) => isAtHead)
    const atHead = heads.reduce((sum, { tenants }) => sum + tenants.length, 0)
    const migrations = files.map(({ name }) => name)
    const odd = { creating: halfMade, suspended, problems }
    return { tenants: found.length, atHead, migrations, groups: bySize, ...odd }
  } finally {
    await workers.close()
  }
}

/** What some books mean beside the files of today. `now`: checksums of the files by name. */
export function stateOf(
  books: Books,
  files: readonly MigrationFile[],
  now: ReadonlyMap<string, string> | undefined,
): FleetState {
  const { applied, unfinished, checksums } = books
  const standing = { ...standingOf({ files, applied }), changed: changedFiles(checksums, now) }
  const isClean = Object.values(standing).every(({ length }) => length === 0)
  return {
    isAtHead: isClean && unfinished === undefined,
    version: newestOf(books),
    ...standing,
    ...(unfinished === undefined ? {} : { unfinished }),
  }
}

function keyed(state: FleetState): { readonly state: FleetState; readonly key: string } {
  return { state, key: JSON.stringify(state) }
}
