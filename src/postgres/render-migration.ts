import { dirname } from 'node:path'
import type { RunnerOption } from 'node-pg-migrate' with { 'resolution-mode': 'import' }
import type { MigrationStep } from '../engine'
import { MigrationTargetError } from '../errors'
import { createMigrationLoader, IGNORE_PATTERN } from './load-migrations'

/** What a migration is, once node-pg-migrate has turned it into SQL. */
export type RenderedMigration =
  | {
      readonly kind: 'script'
      /** False: the file said `pgm.noTransaction()`. */
      readonly transactional: boolean
      readonly statements: readonly string[]
    }
  /** It asks the database while it runs (`pgm.db`), or is different each time: only the real runner can run it. */
  | { readonly kind: 'live' }

/** Runs migrations through node-pg-migrate. */
export interface MigrationRenderer {
  /** @throws MigrationTargetError for a migration without a way down */
  render(step: MigrationStep): Promise<RenderedMigration>
  /** Runs a live migration on a client of the caller's; it must have the bookkeeping table. */
  runLive(
    step: MigrationStep,
    options: { readonly query: Query; readonly schema: string; readonly table: string },
  ): Promise<void>
}

/** A client, as node-pg-migrate needs it. */
export type Query = (
  query: string | { readonly text: string; readonly values?: readonly unknown[] },
) => Promise<{ rows: unknown[] }>

/** Stands for the tenant's schema in bookkeeping statements, which are dropped from what was rendered. */
const RECORDING = 'rowhouse_recording'
const NO_WAY_DOWN = /User has disabled|Impossible to automatically infer|exporting a 'down' function/
const silent = { debug() {}, info() {}, warn() {}, error() {} }

class NeedsDatabase extends Error {}

/** Makes a renderer; it loads each file once. */
export function createMigrationRenderer(): MigrationRenderer {
  const migrationLoaderStrategies = createMigrationLoader()
  const common = ({
    file,
    direction,
  }: MigrationStep): Omit<RunnerOption, 'dbClient' | 'migrationsTable'> => ({
    dir: dirname(file.path),
    file: file.name,
    ignorePattern: IGNORE_PATTERN,
    migrationLoaderStrategies,
    direction,
    count: 1,
    checkOrder: false,
    noLock: true,
    singleTransaction: false,
  })
  const record = async (step: MigrationStep): Promise<readonly string[] | undefined> => {
    const recorder = new Recorder(step)
    try {
      await run({ ...common(step), ...recorder.options })
    } catch (error) {
      if (error instanceof NeedsDatabase || (error as Error).cause instanceof NeedsDatabase) return undefined
      throw asTargetError(step, error)
    }
    return recorder.statements
  }
  return {
    async render(step) {
      const [once, again] = [await record(step), await record(step)]
      if (once === undefined || once.join('\0') !== again?.join('\0')) return { kind: 'live' }
      const transactional = once[0] === 'BEGIN;'
      const statements = (transactional ? once.slice(1, -1) : once).filter(
        (sql) => !sql.includes(`"${RECORDING}".`),
      )
      return { kind: 'script', transactional, statements }
    },
    async runLive(step, { query, schema, table }) {
      try {
        await run({
          ...common(step),
          dbClient: asClient(query),
          logger: silent,
          migrationsSchema: schema,
          migrationsTable: table,
        })
      } catch (error) {
        throw asTargetError(step, error)
      }
    },
  }
}

/** Plays an empty database to the runner and keeps the SQL that it sends. */
class Recorder {
  readonly statements: string[] = []
  readonly #step: MigrationStep
  /** The runner has taken the SQL of the migration; a query before that is the migration's own. */
  #isTaken = false

  constructor(step: MigrationStep) {
    this.#step = step
  }

  get options(): Pick<RunnerOption, 'migrationsTable'> & {
    dbClient: never
    logger: NonNullable<RunnerOption['logger']>
    migrationsSchema: string
  } {
    const info = (message: string): void => {
      if (message.startsWith('### MIGRATION')) this.#isTaken = true
    }
    return {
      dbClient: asClient(async (query) => ({
        rows: this.#answer(typeof query === 'string' ? query : query.text),
      })),
      logger: { ...silent, info },
      migrationsSchema: RECORDING,
      migrationsTable: 'applied',
    }
  }

  #answer(sql: string): unknown[] {
    if (this.#isTaken) {
      this.statements.push(sql)
      return []
    }
    if (/^SELECT (table|constraint)_name FROM information_schema/.test(sql)) return [{}]
    if (/^SELECT name FROM /.test(sql))
      return this.#step.direction === 'down' ? [{ name: this.#step.file.name }] : []
    throw new NeedsDatabase(sql)
  }
}

/** ES modules only; loaded when the first migration runs, since most processes run none. */
async function run(options: RunnerOption): Promise<void> {
  const { runner } = await import('node-pg-migrate')
  await runner(options)
}

function asClient(query: Query): never {
  return { query } as never
}

function asTargetError({ file, direction }: MigrationStep, error: unknown): unknown {
  if (direction === 'up' || !NO_WAY_DOWN.test((error as Error).message)) return error
  return new MigrationTargetError(`Can't revert ${file.name}: it has no way down. Nothing was run.`, {
    cause: error,
  })
}
