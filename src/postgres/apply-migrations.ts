import { escapeIdentifier } from 'pg'
import type { Client } from 'pg'
import type { MigrationStep } from '../engine'
import { MigrationFailedError, MigrationRefusedError, MigrationTargetError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import type { Bookkeeping } from './bookkeeping'
import { expectNoShadow, expectPlace, pathOf, refusal, refuseUnsafe } from './migration-guards'
import type { GuardedRun, GuardedTarget } from './migration-guards'
import type { MigrationRenderer, Query, RenderedMigration } from './render-migration'

/** What a run works with: one connection of its own, on which nobody else depends. */
export interface RunTools extends GuardedRun {
  readonly renderer: MigrationRenderer
  readonly bookkeeping: Bookkeeping
}

/** Whom a run is for. */
export interface RunTarget extends GuardedTarget {
  /** The schema is made by this run and goes with its failure. */
  readonly isNew?: boolean
}

/** A step that is ready to run. */
interface PreparedStep {
  readonly step: MigrationStep
  readonly rendered: RenderedMigration
}

/** Steps that stand or fall together, or one that can't be in a transaction. */
interface Part {
  readonly transactional: boolean
  readonly steps: readonly PreparedStep[]
}

/** A run that was rendered and looked through: nothing in it is refused before it starts. */
export type PreparedRun = readonly Part[]

/**
 * Renders all steps and looks them through, before any of them runs.
 *
 * @throws {@link MigrationRefusedError}, MigrationTargetError for one without a way down
 */
export async function prepareRun(
  renderer: MigrationRenderer,
  steps: readonly MigrationStep[],
): Promise<PreparedRun> {
  const parts: { transactional: boolean; steps: PreparedStep[] }[] = []
  for (const step of steps) {
    const rendered = await renderer.render(step)
    if (rendered.kind === 'script') for (const sql of rendered.statements) refuseUnsafe(sql, step)
    const transactional = rendered.kind === 'live' || rendered.transactional
    const last = parts.at(-1)
    if (transactional && last?.transactional) last.steps.push({ step, rendered })
    else parts.push({ transactional, steps: [{ step, rendered }] })
  }
  return parts
}

/**
 * Runs the parts in their order. The migrations of a transaction are kept or lost together.
 *
 * @param opening - work for the transaction of the first part, such as making the schema
 * @throws {@link MigrationFailedError} with the versions of the parts before, which stay
 */
export async function applyRun(
  tools: RunTools,
  target: RunTarget,
  parts: PreparedRun,
  opening: () => Promise<void> = async () => {},
): Promise<void> {
  const { client } = tools
  const path = pathOf(target.schema, tools.sharedSchemas)
  // SET and not SET LOCAL: were the transaction to end early, the rest must not go on in public.
  await client.query(`set search_path to ${path}`)
  const kept: number[] = []
  const [first, ...rest] =
    parts[0]?.transactional === true ? parts : [{ transactional: true, steps: [] }, ...parts]
  await inTransaction(client, async () => {
    await opening()
    await runSteps(tools, target, first!, kept)
  })
  for (const part of [first!, ...rest]) {
    if (part !== first) {
      await (part.transactional
        ? inTransaction(client, () => runSteps(tools, target, part, kept))
        : runSteps(tools, target, part, kept))
    }
    kept.push(...part.steps.map(({ step }) => step.file.version))
  }
}

async function runSteps(
  tools: RunTools,
  target: RunTarget,
  part: Part,
  kept: readonly number[],
): Promise<void> {
  for (const { step, rendered } of part.steps) {
    try {
      await expectPlace(tools, target, step)
      const transaction = await transactionId(tools.client)
      if (rendered.kind === 'live') await runLive(tools, target, step)
      else await runScript(tools, target, rendered)
      await expectPlace(tools, target, step)
      if (part.transactional && transaction !== (await transactionId(tools.client))) {
        throw refusal(step, 'ended the transaction that it ran in')
      }
      await expectNoShadow(tools, target, step)
      // The runner keeps the books of a live migration itself.
      if (rendered.kind === 'script') await tools.bookkeeping.write(target.schema, step)
    } catch (error) {
      throw asFailure(error, step, target, target.isNew === true ? [] : kept, rendered)
    }
  }
}

async function runScript(
  { client }: RunTools,
  { schema }: RunTarget,
  rendered: RenderedMigration & { kind: 'script' },
): Promise<void> {
  if (!rendered.transactional) await dropInvalidIndexes(client, schema, rendered.statements)
  for (const sql of rendered.statements) await client.query(sql)
}

/** A live migration gets a client that looks through all it sends, and whose transaction is ours. */
async function runLive(
  { client, renderer, migrationsTable }: RunTools,
  { schema }: RunTarget,
  step: MigrationStep,
): Promise<void> {
  let hasBegun = false
  const query: Query = async (given) => {
    const text = typeof given === 'string' ? given : given.text
    if (text === 'BEGIN;') hasBegun = true
    if (text === 'BEGIN;' || text === 'COMMIT;') return { rows: [] }
    if (hasBegun) refuseUnsafe(text, step)
    else if (/^\s*(insert into|delete from)\b/i.test(text) && text.includes(`"${migrationsTable}"`)) {
      throw refusal(
        step,
        "asks the database while it runs and also says noTransaction(), which can't be run safely. Split it in two",
      )
    }
    return client.query(given as string)
  }
  await renderer.runLive(step, { query, schema, table: migrationsTable })
}

/** A CREATE INDEX CONCURRENTLY that failed leaves an INVALID index with the name that it needs the next time. */
async function dropInvalidIndexes(
  client: Client,
  schema: SchemaName,
  statements: readonly string[],
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where not i.indisvalid and n.nspname = $1`,
    [schema],
  )
  for (const { name } of rows) {
    if (
      !statements.some((sql) => sql.includes(escapeIdentifier(name)) || new RegExp(`\\b${name}\\b`).test(sql))
    )
      continue
    await client.query(
      `drop index concurrently if exists ${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
    )
  }
}

async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin; select pg_current_xact_id()')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

async function transactionId(client: Client): Promise<string | null> {
  const { rows } = await client.query<{ id: string | null }>(
    'select pg_current_xact_id_if_assigned()::text as id',
  )
  return rows[0]!.id
}

function asFailure(
  error: unknown,
  { file, direction }: MigrationStep,
  { schema, tenant }: RunTarget,
  kept: readonly number[],
  rendered: RenderedMigration,
): unknown {
  if (error instanceof MigrationRefusedError || error instanceof MigrationTargetError) return error
  const { message, code, position } = error as { message: string; code?: string; position?: string }
  const line = rendered.kind === 'script' ? lineAt(rendered.statements, position) : undefined
  return new MigrationFailedError(
    `Migration ${file.name} (${direction}) failed for tenant "${tenant}" in "${schema}": ${message}` +
      `${code === undefined ? '' : ` [SQLSTATE ${code}]`}${line === undefined ? '' : `, at: ${line}`}. ` +
      (kept.length > 0 ? `Versions ${kept.join(', ')} were kept.` : 'Nothing was kept.'),
    { tenant, prefix: schema, migration: file.name, versions: kept, cause: error },
  )
}

/** The line that the server points at; it tells the position within one statement and not in which one. */
function lineAt(statements: readonly string[], position: string | undefined): string | undefined {
  if (position === undefined || statements.length !== 1) return undefined
  const at = Number(position) - 1
  const sql = statements[0]!
  const start = sql.lastIndexOf('\n', at - 1) + 1
  return sql.slice(start).split('\n', 1)[0]!.trim().slice(0, 120)
}
