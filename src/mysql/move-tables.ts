import { MigrationLockedError } from '../errors'
import { TenantMoveError } from '../run-errors'
import type { MigrationSession } from './migration-session'
import { quoteName, tableIn } from './sql'

/** All tables of a database are to be in another one. */
export interface Move {
  readonly from: string
  readonly to: string
  readonly tenant: string
  /** Tables that have another name there. */
  readonly renamed: Readonly<Record<string, string>>
  /** How long to wait for open transactions. */
  readonly lockTimeoutMs: number
}

/** What RENAME TABLE does not take along, or what would go on meaning the old database. */
const IN_THE_WAY = `
  select concat(lower(table_type), ' ', table_name) as name from information_schema.tables
   where table_schema = ? and table_type <> 'BASE TABLE'
  union all select concat('trigger ', trigger_name) from information_schema.triggers where trigger_schema = ?
  union all select concat(lower(routine_type), ' ', routine_name) from information_schema.routines where routine_schema = ?
  union all select concat('event ', event_name) from information_schema.events where event_schema = ?
  union all select concat('foreign key ', constraint_schema, '.', table_name, '.', constraint_name)
    from information_schema.referential_constraints
   where (constraint_schema = ?) <> (unique_constraint_schema = ?)
  union all select concat('view ', table_schema, '.', table_name) from information_schema.views
   where table_schema <> ? and instr(view_definition, ?) > 0`

/**
 * Moves all tables of a database into a new one in one statement, and drops the old database, which is empty then.
 *
 * @throws TenantMoveError where something would not come along, MigrationLockedError; then everything is where it was
 */
export async function moveTables(session: MigrationSession, move: Move): Promise<void> {
  const { from, to } = move
  await refuse(session, move)
  const tables = await tablesOf(session, from)
  await makeLike(session, from, to)
  try {
    await session.query(
      `set session lock_wait_timeout = ${Math.max(1, Math.ceil(move.lockTimeoutMs / 1000))}`,
    )
    const renames = tables.map(
      (table) => `${tableIn(from, table)} to ${tableIn(to, move.renamed[table] ?? table)}`,
    )
    await session.query(`rename table ${renames.join(', ')}`)
  } catch (cause) {
    if (session.isUsable && (await isEmpty(session, to)))
      await session.query(`drop database if exists ${quoteName(to)}`)
    if ((cause as { code?: string }).code !== 'ER_LOCK_WAIT_TIMEOUT') throw cause
    throw new MigrationLockedError(
      `A transaction uses a table in "${from}" and did not end within ${move.lockTimeoutMs} ms. End it, or raise ` +
        '`lockTimeoutMs`, and try again. Nothing was moved.',
      { tenant: move.tenant, cause },
    )
  }
  if (await isEmpty(session, from)) await session.query(`drop database if exists ${quoteName(from)}`)
}

/** Whether a database has nothing in it, or is not there. */
export async function isEmpty(session: MigrationSession, schema: string): Promise<boolean> {
  const [row] = await session.rows<{ count: number }>(
    `select (select count(*) from information_schema.tables where table_schema = ?)
          + (select count(*) from information_schema.routines where routine_schema = ?)
          + (select count(*) from information_schema.events where event_schema = ?) as count`,
    [schema, schema, schema],
  )
  return Number(row!.count) === 0
}

async function refuse(session: MigrationSession, { from, to, tenant }: Move): Promise<void> {
  const rows = await session.rows<{ name: string }>(IN_THE_WAY, [
    ...[from, from, from, from, from, from, from],
    `${quoteName(from)}.`,
  ])
  const objects = rows.map(({ name }) => name)
  if (objects.length === 0 && session.facts.hasAtomicDdl) return
  const why =
    objects.length > 0
      ? `what does not come along when tables are renamed: ${objects.join(', ')}. Drop it first`
      : 'a server that can lose tables of a RENAME TABLE in a crash; that needs MySQL 8.0 or MariaDB 10.6'
  throw new TenantMoveError(
    `Database "${from}" can't become "${to}", because of ${why}. Nothing was changed.`,
    { tenant, objects },
  )
}

async function tablesOf(session: MigrationSession, schema: string): Promise<readonly string[]> {
  const rows = await session.rows<{ name: string }>(
    'select table_name as name from information_schema.tables where table_schema = ? order by table_name',
    [schema],
  )
  return rows.map(({ name }) => name)
}

async function makeLike(session: MigrationSession, from: string, to: string): Promise<void> {
  const [row] = await session.rows<{ charset: string; collation: string }>(
    `select default_character_set_name as charset, default_collation_name as collation
       from information_schema.schemata where schema_name = ?`,
    [from],
  )
  await session.query(
    `create database if not exists ${quoteName(to)} default character set ${row!.charset} collate ${row!.collation}`,
  )
}
