import type { Direction, Engine, MigrationWorker } from '../engine'
import type { MigrationFailedError } from '../errors'
import type { MigrationResult } from './results'
import type { MigrateOptions, TenantNames } from './options'
import type { Tenants } from './tenants'

/** Options of a run over many tenants. */
export type MigrateAllOptions = MigrateOptions & {
  /** Default `up`. */
  readonly direction?: Direction | undefined
  /** How many tenants at a time, each on a connection of its own. Default 4. */
  readonly concurrency?: number | undefined
}

/** A tenant that could not be migrated; the others were. */
export interface MigrationFailure {
  readonly status: 'error'
  readonly tenant: string
  readonly prefix: string
  readonly direction: Direction
  readonly error: Error
  /** File name of the migration that failed, where it was one. */
  readonly migration: string | undefined
  /** Versions that stay although the run failed. */
  readonly versions: readonly number[]
}

/** What became of one tenant. */
export type MigrationOutcome = MigrationResult | MigrationFailure

/** All outcomes of a run. */
export interface MigrationReport {
  readonly ok: number
  readonly failed: number
  readonly results: readonly MigrationOutcome[]
}

/** A run over many tenants: iterate over it, or await its report. It starts when one of the two is asked for. */
export interface MigrationRun extends AsyncIterable<MigrationOutcome> {
  /** Runs to the end and tells everything. Never rejects for what one tenant did. */
  report(): Promise<MigrationReport>
}

/**
 * Migrates many tenants, some at a time. One tenant's failure stops no other; leaving the loop stops the rest.
 *
 * @param names - whom; drawn one by one, so that a fleet need not fit into memory
 */
export function migrateAll(
  { engine, tenants }: { readonly engine: Engine; readonly tenants: Tenants },
  names: AsyncIterable<TenantNames>,
  { direction = 'up', concurrency = 4, ...options }: MigrateAllOptions = {},
): MigrationRun {
  const migrateOne = async (worker: MigrationWorker, one: TenantNames): Promise<MigrationOutcome> => {
    try {
      return await tenants.migrateWith(worker, one, direction, options)
    } catch (error) {
      return failureOf(one, direction, error as Error)
    }
  }
  const run = {
    [Symbol.asyncIterator]: () => eachWith(() => engine.openWorker(), names, concurrency, migrateOne),
    async report(): Promise<MigrationReport> {
      const results: MigrationOutcome[] = []
      for await (const result of run) results.push(result)
      const failed = results.filter(({ status }) => status === 'error').length
      return { ok: results.length - failed, failed, results }
    },
  }
  return run
}

/** Draws items into a bounded number of workers and yields results as they come. */
async function* eachWith<Item, Result>(
  open: () => Promise<MigrationWorker>,
  items: AsyncIterable<Item>,
  concurrency: number,
  work: (worker: MigrationWorker, item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const source = items[Symbol.asyncIterator]()
  const idle: MigrationWorker[] = []
  const opened: MigrationWorker[] = []
  const running = new Set<Promise<{ result: Result; self: unknown }>>()
  try {
    for (;;) {
      while (running.size < concurrency) {
        const next = await source.next()
        if (next.done === true) break
        const worker = idle.pop() ?? (await open())
        if (!opened.includes(worker)) opened.push(worker)
        const promise: Promise<{ result: Result; self: unknown }> = work(worker, next.value).then(
          (result) => {
            if (worker.isUsable) idle.push(worker)
            return { result, self: promise }
          },
        )
        running.add(promise)
      }
      if (running.size === 0) return
      const { result, self } = await Promise.race(running)
      running.delete(self as Promise<{ result: Result; self: unknown }>)
      yield result
    }
  } finally {
    await Promise.allSettled(running)
    await Promise.all(opened.map((worker) => worker.close()))
    await source.return?.()
  }
}

function failureOf({ id, schema }: TenantNames, direction: Direction, error: Error): MigrationFailure {
  const { migration, versions = [] } = error as Partial<MigrationFailedError>
  return { status: 'error', tenant: id, prefix: schema, direction, error, migration, versions }
}
