import { randomBytes } from 'node:crypto'
import { escapeIdentifier } from 'pg'
import type { Client } from 'pg'
import type { MigrationFile, MigrationStep } from '../engine'
import { MigrationFailedError, MigrationRefusedError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import { readThrown } from '../thrown'
import { runStatements } from './apply-migrations'
import { LiveQueries } from './live-queries'
import { pathOf, refuseUnsafe } from './migration-guards'
import { StatementFailure } from './migration-failure'
import type { MigrationRenderer, PreparedStep } from './render-migration'
import { splitStatements } from './split-statements'
import { withoutWord } from './without-word'

/** What a rehearsal is made with. */
export interface RehearsalTools {
  readonly client: Client
  readonly renderer: MigrationRenderer
  readonly sharedSchemas: readonly string[]
}

/** What a transaction can't do, or has no room for: SQLSTATEs of "active SQL transaction", and of a full table of locks. */
const CANNOT_REHEARSE = new Set(['25001', '53200'])

// Locks are kept until the transaction ends, so they tell of each change of a table, whichever statement made it. Left out are
// what a reference takes on the table that it refers to, and what nextval() takes.
const TOUCHED = `
  select distinct l.relation::regclass::text as name
    from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where l.pid = pg_backend_pid() and l.locktype = 'relation' and n.nspname <> $1 and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
     and c.relkind <> 'S'
     and l.mode in ('RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', 'ExclusiveLock', 'AccessExclusiveLock')
   order by 1`

// What is visible and was written by a transaction that is not over is ours; a savepoint has an id of its own.
const MADE = `
  with me as (select pg_current_xact_id()::text::bigint as id),
  own as (select $1::regnamespace::oid as schema)
  select 'function ' || p.oid::regprocedure::text as name from pg_catalog.pg_proc p, own where p.pronamespace <> own.schema and ${isOurs('p.xmin')}
  union all
  select 'type ' || t.oid::regtype::text from pg_catalog.pg_type t, own
   where t.typnamespace <> own.schema and t.typtype in ('e', 'd') and ${isOurs('t.xmin')}
  union all
  select 'schema ' || n.nspname from pg_catalog.pg_namespace n, own where n.oid <> own.schema and n.nspname not like 'pg\\_%' and ${isOurs('n.xmin')}
  union all
  select 'extension ' || e.extname from pg_catalog.pg_extension e where ${isOurs('e.xmin')}
  order by 1`

function isOurs(xmin: string): string {
  return `age(${xmin}) <= age((select id from me)::text::xid) and pg_xact_status((((select id from me) >> 32 << 32) | ${xmin}::text::bigint)::text::xid8) = 'in progress'`
}

/**
 * Runs migrations up in a schema that nobody else sees, and takes all of it back: what fails for everyone, and what reaches
 * beyond its tenant by naming another schema, is found before any tenant is touched.
 *
 * @param pending - names of those that some tenant lacks; the others are run because these build on them
 * @returns how many of the pending ones were run: none behind one that a transaction can't take back
 * @throws MigrationRefusedError, MigrationFailedError
 */
export async function rehearse(
  tools: RehearsalTools,
  files: readonly MigrationFile[],
  pending: ReadonlySet<string>,
): Promise<number> {
  const { client, renderer, sharedSchemas } = tools
  const last = files.findLastIndex(({ name }) => pending.has(name))
  const steps = files.slice(0, last + 1).map((file): MigrationStep => ({ file, direction: 'up' }))
  const rendered = await renderer.render(steps)
  const schema = `rowhouse_${randomBytes(6).toString('hex')}_rehearsal` as SchemaName
  await client.query(
    `begin; create schema ${escapeIdentifier(schema)}; set local search_path to ${pathOf(schema, sharedSchemas)}`,
  )
  try {
    let count = 0
    for (const [index, step] of steps.entries()) {
      const isPending = pending.has(step.file.name)
      const before = isPending ? new Set(await namesOf(client, TOUCHED, schema)) : undefined
      const isDone = await play(tools, { step, rendered: rendered[index]! }, isPending)
      if (!isDone) return count
      if (before === undefined) continue
      count += 1
      const touched = (await namesOf(client, TOUCHED, schema)).find((name) => !before.has(name))
      if (touched !== undefined) throw reaches(step, `changes ${touched}`)
    }
    const [made] = await namesOf(client, MADE, escapeIdentifier(schema))
    if (made !== undefined && count > 0)
      throw reaches(steps.at(-1)!, `or one before it makes or changes the ${made}`)
    return count
  } finally {
    await client.query('rollback').catch(() => {})
  }
}

/** @returns false where the rehearsal can't go on: it fails and is nobody's next, or can't be in a transaction */
async function play(
  { client }: RehearsalTools,
  prepared: PreparedStep,
  isPending: boolean,
): Promise<boolean> {
  const { step, rendered } = prepared
  try {
    if (rendered.kind === 'live') {
      const queries = new LiveQueries(client, step)
      const script = await rendered.render(queries.query).finally(() => queries.finish())
      for (const sql of script.statements) refuseUnsafe(sql, step)
      await runStatements(client, script)
    } else if (rendered.transactional) await runStatements(client, rendered)
    else {
      for (const { text } of rendered.statements.flatMap((sql) => splitStatements(sql)))
        await client.query(withoutWord(text, 'concurrently'))
    }
    return true
  } catch (error) {
    const cause = error instanceof StatementFailure ? error.cause : error
    const { message, code = '' } = readThrown(cause)
    if (!isPending || CANNOT_REHEARSE.has(code)) return false
    if (cause instanceof MigrationRefusedError) throw cause
    const at =
      error instanceof StatementFailure
        ? ` at statement ${error.statement.number}, line ${error.statement.line}`
        : ''
    throw new MigrationFailedError(
      `Migration ${step.file.name} (up) fails in an empty schema, behind all migrations before it${at}: ${message}` +
        `${code === '' ? '' : ` [SQLSTATE ${code}]`}. No tenant was touched. A migration that needs data can be run without the ` +
        'rehearsal: `rehearse: false` (--no-rehearse); new tenants would fail all the same.',
      { migration: step.file.name, versions: [], cause },
    )
  }
}

async function namesOf(client: Client, sql: string, schema: string): Promise<readonly string[]> {
  // A migration may have set one for itself.
  await client.query('set local statement_timeout to 0')
  const { rows } = await client.query<{ name: string }>(sql, [schema])
  return rows.map(({ name }) => name)
}

function reaches({ file }: MigrationStep, what: string): MigrationRefusedError {
  return new MigrationRefusedError(
    `Migration ${file.name} ${what}, which is not in its own schema. Name nothing by another schema, or do it in the migrations of ` +
      'the application itself. If it is meant so, run without the rehearsal: `rehearse: false` (--no-rehearse). No tenant was touched.',
    { migration: file.name },
  )
}
