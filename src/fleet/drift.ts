import type { Books, MigrationWorker } from '../engine'
import { ConfigError } from '../errors'
import { Workers } from '../lifecycle/workers'
import type { SchemaName } from '../tenant/schema-name'
import { inChunks } from './in-chunks'
import { newestOf } from './plan-fleet'
import type { LookParts, TenantProblem } from './status-fleet'
import { surveyFleet } from './survey-fleet'
import type { FoundTenant } from './survey-fleet'

/** Tenants that are built alike, and not as most of their version are. */
export interface DriftGroup {
  /** Ids, by schema name. */
  readonly tenants: readonly string[]
  /** What the others have and these do not, a line for each thing. */
  readonly lacking: readonly string[]
  /** What these have and the others do not. */
  readonly extra: readonly string[]
}

/** Tenants with the same migrations. */
export interface DriftVersion {
  /** Of the newest applied migration; undefined where there is none. */
  readonly version: number | undefined
  readonly tenants: number
  /** How many are built as most are. */
  readonly alike: number
  /** One of those. */
  readonly example: string
  readonly outliers: readonly DriftGroup[]
}

/** How a fleet is built. */
export interface Drift {
  readonly tenants: number
  readonly versions: readonly DriftVersion[]
  readonly problems: readonly TenantProblem[]
}

/** How many schemas are described in one question: the catalogue is read whole for each. */
const CHUNK = 200

/** Compares how tenants with the same migrations are built. Writes nothing. */
export async function driftOf({ engine, owner, names, concurrency }: LookParts): Promise<Drift> {
  const workers = new Workers(() => engine.openWorker())
  try {
    const found = await surveyFleet({ workers, owner, concurrency, known: new Map() }, names)
    const whole = found.filter(({ problem }) => problem === undefined)
    const prints = await printsOf(workers, whole, concurrency)
    const problems: TenantProblem[] = found.flatMap(({ id, problem }) =>
      problem === undefined ? [] : [{ tenant: id, error: problem }],
    )
    const versions = new Map<string, FoundTenant[]>()
    for (const one of whole) {
      if (!prints.has(one.schema)) {
        const error = new Error(`"${one.schema}" went, or could not be read, meanwhile.`)
        problems.push({ tenant: one.id, error })
        continue
      }
      const key = keyOf(one.found.books as Books)
      versions.set(key, [...(versions.get(key) ?? []), one])
    }
    const all: DriftVersion[] = []
    for (const tenants of versions.values()) all.push(await compare(workers, tenants, prints))
    return { tenants: found.length, versions: all, problems }
  } finally {
    await workers.close()
  }
}

/** The order does not matter: what is applied does. */
function keyOf({ applied, unfinished, state }: Books): string {
  return unfinished === undefined ? [...applied].sort().join('\n') : state
}

async function printsOf(
  workers: Workers,
  tenants: readonly FoundTenant[],
  concurrency: number,
): Promise<ReadonlyMap<SchemaName, string>> {
  const prints = new Map<SchemaName, string>()
  await inChunks(tenants, { size: CHUNK, concurrency }, async (some) => {
    const schemas = some.map(({ schema }) => schema)
    const read = await workers.lend(async (worker) => structuresOf(worker).fingerprints(schemas), some.length)
    for (const [schema, print] of read) prints.set(schema, print)
  })
  return prints
}

async function compare(
  workers: Workers,
  tenants: readonly FoundTenant[],
  prints: ReadonlyMap<SchemaName, string>,
): Promise<DriftVersion> {
  const groups = new Map<string, FoundTenant[]>()
  for (const one of tenants) {
    const print = prints.get(one.schema)!
    const group = groups.get(print)
    if (group === undefined) groups.set(print, [one])
    else group.push(one)
  }
  // Sorted stably: of two that are as great, the one whose tenant comes first.
  const [norm, ...others] = [...groups.values()].sort((one, other) => other.length - one.length)
  const linesOf = ([first]: readonly FoundTenant[]): Promise<readonly string[]> =>
    workers.lend(async (worker) => structuresOf(worker).lines(first!.schema))
  const normal = others.length === 0 ? [] : await linesOf(norm!)
  const outliers: DriftGroup[] = []
  for (const group of others) {
    const own = await linesOf(group)
    const ids = group.map(({ id }) => id)
    outliers.push({ tenants: ids, lacking: without(normal, own), extra: without(own, normal) })
  }
  const [first] = norm!
  return {
    version: newestOf(first!.found.books as Books),
    tenants: tenants.length,
    ...{ alike: norm!.length, example: first!.id, outliers },
  }
}

/** The lines of one list that are not in another. */
function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others)
  return lines.filter((line) => !known.has(line))
}

function structuresOf({ structures }: MigrationWorker): NonNullable<MigrationWorker['structures']> {
  if (structures !== undefined) return structures
  throw new ConfigError(['This engine can not tell how its tenants are built.'])
}
