import { escapeIdentifier } from 'pg'
import type { Client } from 'pg'
import type { SchemaName } from '../tenant/schema-name'
import { inTransaction } from './transaction'

/*
 * Brings a tenant of a test back to what it was when it was made: no rows, and its sequences where they were. Only where
 * that is certain: what was built has not changed since, and nothing of it has contents of its own.
 */

interface Snapshot {
  /** Of all that is built in the schema, of its books and its mark. */
  readonly fingerprint: string
  /** Statements that set the sequences back. */
  readonly sequences: readonly string[]
}

interface Table {
  /** Qualified and quoted. */
  readonly name: string
  readonly oid: string
}

// A row of a catalogue has another xmin after each change; those of pg_class change by TRUNCATE, too.
const FINGERPRINT = `
  with ns as (select oid from pg_catalog.pg_namespace where nspname = $1),
    class as (select c.* from pg_catalog.pg_class c join ns on c.relnamespace = ns.oid)
  select md5(string_agg(line, ' ' order by line)) as print from (
    select concat_ws(' ', 'schema', n.oid, nspowner, nspacl) as line from pg_catalog.pg_namespace n join ns on ns.oid = n.oid
    union all select concat_ws(' ', 'class', oid, relname, relkind, relowner, relacl, relrowsecurity, relforcerowsecurity, reloptions, relispartition) from class
    union all select concat_ws(' ', 'column', attrelid, attnum, a.xmin) from pg_catalog.pg_attribute a join class on class.oid = attrelid where attnum > 0
    union all select concat_ws(' ', 'default', d.oid, d.xmin) from pg_catalog.pg_attrdef d join class on class.oid = adrelid
    union all select concat_ws(' ', 'constraint', k.oid, k.xmin) from pg_catalog.pg_constraint k join ns on ns.oid = connamespace
    union all select concat_ws(' ', 'index', indexrelid, indisvalid, indisclustered) from pg_catalog.pg_index join class on class.oid = indrelid
    union all select concat_ws(' ', 'trigger', t.oid, t.xmin) from pg_catalog.pg_trigger t join class on class.oid = tgrelid
    union all select concat_ws(' ', 'rule', r.oid, r.xmin) from pg_catalog.pg_rewrite r join class on class.oid = ev_class
    union all select concat_ws(' ', 'policy', p.oid, p.xmin) from pg_catalog.pg_policy p join class on class.oid = polrelid
    union all select concat_ws(' ', 'sequence', seqrelid, s.xmin) from pg_catalog.pg_sequence s join class on class.oid = seqrelid
    union all select concat_ws(' ', 'function', f.oid, f.xmin) from pg_catalog.pg_proc f join ns on ns.oid = pronamespace
    union all select concat_ws(' ', 'type', t.oid, t.xmin) from pg_catalog.pg_type t join ns on ns.oid = typnamespace
    union all select concat_ws(' ', 'label', e.oid, e.xmin) from pg_catalog.pg_enum e join pg_catalog.pg_type t on t.oid = enumtypid join ns on ns.oid = typnamespace
  ) all_lines`

// A materialized view keeps rows, a foreign table's are elsewhere, a trigger of TRUNCATE (32) does what it likes, and rows
// that a policy hides from us are not seen to be there.
const UNFIT = `
  select from pg_catalog.pg_class c left join pg_catalog.pg_trigger t on t.tgrelid = c.oid and t.tgtype & 32 <> 0
  where c.relnamespace = to_regnamespace($1) and (c.relkind in ('m', 'f') or t.oid is not null or row_security_active(c.oid)) limit 1`

const TABLES = `
  select oid, format('%I.%I', $1::text, relname) as name from pg_catalog.pg_class
  where relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1) and relkind in ('r', 'p') order by relname`

/** Those that refer to a table must be truncated with it, also where they have no rows; those that inherit from it are. */
const REFERRING = `
  with recursive found(oid) as (
    select unnest($1::oid[])
    union select near.oid from found join (
      select confrelid as of, conrelid as oid from pg_catalog.pg_constraint where contype = 'f'
      union all select inhparent, inhrelid from pg_catalog.pg_inherits
    ) near on near.of = found.oid
  ) select distinct c.relnamespace::regnamespace = to_regnamespace($2) as inside, c.oid::regclass::text as name
    from found join pg_catalog.pg_class c on c.oid = found.oid`

/**
 * Describes a tenant that has no rows yet, to come back to it.
 *
 * @param kept - tables whose rows belong to the tenancy, qualified and quoted
 * @returns undefined where it has rows (a migration has put them there), or something that can't be emptied
 */
export async function snapshotSchema(
  client: Client,
  schema: SchemaName,
  kept: readonly string[],
): Promise<string | undefined> {
  const { rowCount } = await client.query(UNFIT, [escapeIdentifier(schema)])
  if (rowCount !== 0) return undefined
  const tables = await tablesOf(client, schema, kept)
  if ((await filledOf(client, tables)).length > 0) return undefined
  const snapshot: Snapshot = {
    fingerprint: await fingerprintOf(client, schema, kept),
    sequences: await sequencesOf(client, schema),
  }
  return JSON.stringify(snapshot)
}

/**
 * Takes all rows out, in one transaction.
 *
 * @param text - what {@link snapshotSchema} gave
 * @returns false, with nothing done, where the tenant is not built as it was, or a table elsewhere refers to one of it or inherits from it
 */
export async function emptySchema(
  client: Client,
  schema: SchemaName,
  text: string,
  kept: readonly string[],
): Promise<boolean> {
  const { fingerprint, sequences } = JSON.parse(text) as Snapshot
  let isEmptied = false
  await inTransaction(client, async () => {
    if ((await fingerprintOf(client, schema, kept)) !== fingerprint) return
    const filled = await filledOf(client, await tablesOf(client, schema, kept))
    const { rows } = await client.query<{ inside: boolean; name: string }>(REFERRING, [
      filled.map(({ oid }) => oid),
      escapeIdentifier(schema),
    ])
    if (rows.some(({ inside }) => !inside)) return
    if (rows.length > 0) await client.query(`truncate ${rows.map(({ name }) => name).join(', ')}`)
    if (sequences.length > 0) await client.query(sequences.join(';'))
    isEmptied = true
  })
  return isEmptied
}

async function fingerprintOf(client: Client, schema: SchemaName, kept: readonly string[]): Promise<string> {
  const { rows } = await client.query<{ print: string }>(FINGERPRINT, [schema])
  const prints = [rows[0]!.print]
  for (const table of kept) {
    const { rows: books } = await client.query(
      `select to_jsonb(one)::text as line from ${table} one order by 1`,
    )
    prints.push(JSON.stringify(books))
  }
  return prints.join('\n')
}

async function tablesOf(client: Client, schema: SchemaName, kept: readonly string[]): Promise<Table[]> {
  const { rows } = await client.query<Table>(TABLES, [schema])
  const own = new Set(kept.map(plain))
  return rows.filter(({ name }) => !own.has(plain(name)))
}

/** `format('%I')` quotes only what needs it. */
function plain(name: string): string {
  return name.replaceAll('"', '')
}

async function filledOf(client: Client, tables: readonly Table[]): Promise<Table[]> {
  if (tables.length === 0) return []
  const asked = tables.map(({ name }) => `exists (select from ${name})`).join(', ')
  const { rows } = await client.query<{ filled: boolean[] }>(`select array[${asked}] as filled`)
  return tables.filter((_table, index) => rows[0]!.filled[index])
}

async function sequencesOf(client: Client, schema: SchemaName): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', $1::text, relname) as name from pg_catalog.pg_class
     where relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1) and relkind = 'S'`,
    [schema],
  )
  const statements: string[] = []
  for (const { name } of rows) {
    const state = await client.query<{ statement: string }>(
      `select format('select setval(%L, %s, %L)', $1::text, last_value, is_called) as statement from ${name}`,
      [name],
    )
    statements.push(state.rows[0]!.statement)
  }
  return statements
}
