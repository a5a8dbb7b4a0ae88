import type { ReadTenant } from '../fleet-reader'
import { ASIDE_MARK, ASIDE_PREFIX } from '../schema-moves'
import type { AsideSchema, SchemaMoves } from '../schema-moves'
import type { SchemaName } from '../tenant/schema-name'
import type { Access } from './access'
import { columnsOf } from './journal'
import { DATABASES_WITH, MARK_TABLE } from './marks'
import type { MigrationSession } from './migration-session'
import { isEmpty, moveTables } from './move-tables'
import type { Move } from './move-tables'
import { quoteName, tableIn } from './sql'

type AsideRow = Omit<AsideSchema, 'schema'>

/** Where a rename leads, noted before it begins: whoever finds it half done knows what it was. */
const NOTE = 'moving_to'
const ASIDE_COLUMNS = ['was', 'kept_until', 'dropped_at']

/**
 * "Renames" databases on the owner's connection: MySQL can only rename tables into another database, all of them in one
 * statement that is done as a whole or not at all.
 */
export function schemaMovesOf(session: MigrationSession, access: Access, lockTimeoutMs: number): SchemaMoves {
  const move = (one: Omit<Move, 'lockTimeoutMs'>): Promise<void> =>
    moveTables(session, { ...one, lockTimeoutMs })
  return {
    async setAside({ id, schema }, to, keptUntil) {
      const mark = tableIn(schema, MARK_TABLE)
      await addColumns(session, schema, MARK_TABLE, {
        was: 'varchar(64)',
        kept_until: 'datetime(3)',
        dropped_at: 'datetime(3)',
      })
      await session.query(`update ${mark} set was = ?, kept_until = from_unixtime(?), dropped_at = now(3)`, [
        schema,
        keptUntil.getTime() / 1000,
      ])
      await move({ from: schema, to, tenant: id, renamed: { [MARK_TABLE]: ASIDE_MARK } })
      await access.take(schema)
    },
    listAside: () => listAside(session),
    async bringBack({ schema, was, tenant }) {
      await access.expectRoom(was)
      await move({ from: schema, to: was, tenant, renamed: { [ASIDE_MARK]: MARK_TABLE } })
      await dropColumns(session, was, ASIDE_COLUMNS)
      await access.give(was)
    },
    async purge({ schema }) {
      await session.query(`drop database if exists ${quoteName(schema)}`)
    },
    async rename(from, to) {
      await access.expectRoom(to.schema)
      if (!(await hasMoved(session, from, to))) {
        await addColumns(session, from.schema, MARK_TABLE, { [NOTE]: 'varchar(64)' })
        await session.query(`update ${tableIn(from.schema, MARK_TABLE)} set ${NOTE} = ?`, [to.schema])
        await move({ from: from.schema, to: to.schema, tenant: from.id, renamed: {} })
      } else if (await isEmpty(session, from.schema))
        await session.query(`drop database if exists ${quoteName(from.schema)}`)
      await access.give(to.schema)
      // Last: until here it is nobody's, and the call can be made again.
      await session.query(`update ${tableIn(to.schema, MARK_TABLE)} set tenant = ?, ${NOTE} = null`, [to.id])
      await dropColumns(session, to.schema, [NOTE])
      await access.take(from.schema)
    },
    async isInterrupted(from, to) {
      if (await hasMoved(session, from, to)) return true
      return (await readNote(session, from.schema))?.note === to.schema && isEmpty(session, to.schema)
    },
    async clearRest(schema) {
      const all = await listAside(session)
      if (!all.some(({ was }) => was === schema) || !(await isEmpty(session, schema))) return false
      await session.query(`drop database if exists ${quoteName(schema)}`)
      await access.take(schema)
      return true
    },
  }
}

/** Whether the tables are in the new database, whose mark still names the old tenant. */
async function hasMoved(session: MigrationSession, from: ReadTenant, to: ReadTenant): Promise<boolean> {
  const found = await readNote(session, to.schema)
  return found?.note === to.schema && found.tenant === from.id
}

async function readNote(
  session: MigrationSession,
  schema: SchemaName,
): Promise<{ readonly note: string | null; readonly tenant: string } | undefined> {
  if (!(await columnsOf(session, schema, MARK_TABLE)).has(NOTE)) return undefined
  const [row] = await session.rows<{ note: string | null; tenant: string }>(
    `select ${NOTE} as note, tenant from ${tableIn(schema, MARK_TABLE)}`,
  )
  return row
}

async function listAside(session: MigrationSession): Promise<readonly AsideSchema[]> {
  const values = [ASIDE_MARK, ASIDE_PREFIX, ASIDE_PREFIX]
  const names = await session.rows<{ name: SchemaName }>(DATABASES_WITH, values)
  const found: AsideSchema[] = []
  for (const schema of names.map(({ name }) => name).sort()) {
    const read = session.rows<Omit<AsideRow, 'droppedAt' | 'keptUntil'> & Seconds>(
      `select tenancy, tenant, was, unix_timestamp(dropped_at) as dropped, unix_timestamp(kept_until) as kept
         from ${tableIn(schema, ASIDE_MARK)}`,
    )
    // Gone meanwhile, or another owner's, whom it is left to.
    const [row] = await read.catch(() => [])
    if (row === undefined) continue
    const { dropped, kept, ...rest } = row
    found.push({ schema, ...rest, droppedAt: toDate(dropped), keptUntil: toDate(kept) })
  }
  return found
}

interface Seconds {
  readonly dropped: number | string
  readonly kept: number | string
}

function toDate(seconds: number | string): Date {
  return new Date(Math.round(Number(seconds) * 1000))
}

async function addColumns(
  session: MigrationSession,
  schema: string,
  table: string,
  columns: Readonly<Record<string, string>>,
): Promise<void> {
  const there = await columnsOf(session, schema, table)
  for (const [name, type] of Object.entries(columns))
    if (!there.has(name))
      await session.query(`alter table ${tableIn(schema, table)} add column ${quoteName(name)} ${type} null`)
}

async function dropColumns(
  session: MigrationSession,
  schema: string,
  names: readonly string[],
): Promise<void> {
  const there = await columnsOf(session, schema, MARK_TABLE)
  for (const name of names.filter((one) => there.has(one)))
    await session.query(`alter table ${tableIn(schema, MARK_TABLE)} drop column ${quoteName(name)}`)
}
