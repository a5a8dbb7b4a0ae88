import type { Ask, Row, SearchedTable } from './searched-table'

// Partitions are searched by their parent.
const TABLES = `
  select relname as name, quote_ident(relname) as quoted from pg_catalog.pg_class
  where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'm')
    and not relispartition and relispopulated and has_table_privilege(oid, 'select')
  order by relname`

/** The tables of the running tenant on PostgreSQL that its role may read. */
export async function postgresTables(ask: Ask): Promise<readonly SearchedTable[]> {
  const tables = await ask(TABLES)
  return tables.map(({ name, quoted }) => ({
    name: String(name),
    async rowsWith(texts, limit) {
      if (texts.length === 0) return []
      // As JSON a row shows all its columns, whatever their types; bytes are in it as hexadecimal digits.
      const wanted = texts.flatMap((text) => [text, Buffer.from(text).toString('hex')])
      const rows = await ask(
        `select to_jsonb(one.*) as row from ${String(quoted)} one where to_jsonb(one.*)::text ~* $1 limit ${limit}`,
        [wanted.join('|')],
      )
      return rows.map(({ row }) => row as Row)
    },
  }))
}
