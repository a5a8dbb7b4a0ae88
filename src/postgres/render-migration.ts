import { dirname } from 'node:path'
import type { QueryConfig, QueryResult } from 'pg'
import type { Direction, MigrationStep } from '../engine'
import { MigrationFailedError, MigrationTargetError, RowhouseError } from '../errors'
import { importHostModule } from '../host-modules'
import { outsideTenants } from '../tenant/context'
import { readThrown } from '../thrown'
import { createMigrationLoader } from './load-migrations'
import type { LoadedMigration, MigrationAction, MigrationActions } from './load-migrations'

/** The SQL of a migration. */
export interface MigrationScript {
  /** False: the file said `pgm.noTransaction()`. */
  readonly transactional: boolean
  readonly statements: readonly string[]
  /** Of the one text of an SQL file, in that file, from 1. */
  readonly firstLine?: number | undefined
}

/** What a migration is, once node-pg-migrate has turned it into SQL. */
export type RenderedMigration =
  | (MigrationScript & { readonly kind: 'script' })
  /** It asks the database (`pgm.db`), or is different each time: its SQL is made anew for each tenant. */
  | { readonly kind: 'live'; readonly render: (query: Query) => Promise<MigrationScript> }

/** A step that is ready to run. */
export interface PreparedStep {
  readonly step: MigrationStep
  readonly rendered: RenderedMigration
}

/** Answers what a migration asks by `pgm.db`. */
export type Query = (config: QueryConfig) => Promise<QueryResult>

/** Turns migrations into SQL, each file once as long as it does not change. */
export interface MigrationRenderer {
  /** @throws MigrationTargetError for a migration without a way in its direction */
  render(steps: readonly MigrationStep[]): Promise<readonly RenderedMigration[]>
}

const INFERRED = /Impossible to automatically infer/
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

/** Makes a renderer; what it rendered serves all tenants. */
export function createMigrationRenderer(): MigrationRenderer {
  const loadFolder = createMigrationLoader()
  // By the loaded file, which is another object after a change.
  const rendered = new WeakMap<MigrationActions, Map<Direction, Promise<RenderedMigration>>>()
  const renderOnce = (step: MigrationStep, loaded: LoadedMigration): Promise<RenderedMigration> => {
    const ways = rendered.get(loaded.actions) ?? new Map<Direction, Promise<RenderedMigration>>()
    rendered.set(loaded.actions, ways)
    // In no tenant's context: what is rendered now serves all of them.
    const known = ways.get(step.direction) ?? outsideTenants(() => render(step, loaded))
    ways.set(step.direction, known)
    known.catch(() => ways.delete(step.direction))
    return known
  }
  return {
    async render(steps) {
      const all: RenderedMigration[] = []
      const [first] = steps
      const folder = first === undefined ? undefined : await loadFolder(dirname(first.file.path))
      for (const step of steps) {
        const loaded = folder?.get(step.file.path)
        if (loaded === undefined)
          throw new MigrationTargetError(`The file of ${step.file.name} is gone. Nothing was run.`)
        all.push(await renderOnce(step, loaded))
      }
      return all
    },
  }
}

/** Twice, to see whether it is the same each time. */
async function render(step: MigrationStep, loaded: LoadedMigration): Promise<RenderedMigration> {
  const [once, again] = [await tryWithoutDatabase(step, loaded), await tryWithoutDatabase(step, loaded)]
  const isSame = once !== undefined && JSON.stringify(once) === JSON.stringify(again)
  return isSame
    ? { kind: 'script', ...once }
    : { kind: 'live', render: (query) => collect(step, loaded, query) }
}

/**
 * The SQL of a migration that asks nothing; undefined for one that does. A question is never answered, so that nothing
 * behind it runs: whatever the answer were, the migration could go on with a fiction, or catch an error and go on.
 */
function tryWithoutDatabase(
  step: MigrationStep,
  loaded: LoadedMigration,
): Promise<MigrationScript | undefined> {
  return new Promise((resolve, reject) => {
    const ask: Query = () => {
      resolve(undefined)
      return new Promise(() => {})
    }
    collect(step, loaded, ask).then(resolve, (error: unknown) => reject(toError(step, error)))
  })
}

function toError({ file, direction }: MigrationStep, cause: unknown): unknown {
  if (cause instanceof RowhouseError) return cause
  return new MigrationFailedError(
    `Migration ${file.name} (${direction}) failed before it was run: ${readThrown(cause).message}. Nothing was run.`,
    { migration: file.name, versions: [], cause },
  )
}

/** Calls a migration as node-pg-migrate's runner does, and keeps the SQL that it made. */
async function collect(
  step: MigrationStep,
  { actions, shorthands }: LoadedMigration,
  query: Query,
): Promise<MigrationScript> {
  // ES modules only; loaded when the first migration runs, since most processes run none.
  const { MigrationBuilder } = await importHostModule('node-pg-migrate', () => import('node-pg-migrate'))
  const pgm = new MigrationBuilder(toDatabase(query), shorthands, false, SILENT)
  const action = actionOf(step, actions)
  if (step.direction === 'down' && action === actions.up) pgm.enableReverseMode()
  try {
    if (action.length === 2) await new Promise<void>((resolve) => void action(pgm, resolve))
    else await action(pgm)
  } catch (error) {
    throw INFERRED.test(readThrown(error).message) ? noWay(step, error) : error
  }
  const firstLine = actions.lines?.[step.direction]
  return { transactional: pgm.isUsingTransaction(), statements: [...pgm.getSqlSteps()], firstLine }
}

function actionOf(step: MigrationStep, { up, down }: MigrationActions): MigrationAction {
  const action = step.direction === 'up' ? up : (down ?? up)
  if (typeof action === 'function') return action
  throw noWay(step)
}

function noWay({ file, direction }: MigrationStep, cause?: unknown): MigrationTargetError {
  const what =
    direction === 'up'
      ? `Can't run ${file.name}: it exports no function "up"`
      : `Can't revert ${file.name}: it has no way down`
  return new MigrationTargetError(`${what}. Nothing was run.`, { cause })
}

type Given = string | QueryConfig

/** `pgm.db`. The name of a statement is left out: the connection serves other tenants later, and forgets statements between. */
function toDatabase(query: Query): never {
  const send = (given: Given, values?: unknown[]): Promise<QueryResult> => {
    const { name: _, ...config } = typeof given === 'string' ? { text: given, name: '' } : given
    return query(values === undefined ? config : { ...config, values })
  }
  const select = async (given: Given, values?: unknown[]): Promise<unknown[]> =>
    (await send(given, values)).rows as unknown[]
  // The builder's types ask for overloads of pg's that this one function serves.
  return { query: send, select } as never
}
