import type { Ask, SearchedTable } from './searched-table'

const COLUMNS = `
  select c.table_name as tableName, c.column_name as columnName
  from information_schema.columns c join information_schema.tables t
    on t.table_schema = c.table_schema and t.table_name = c.table_name
  where c.table_schema = database() and t.table_type = 'BASE TABLE' and c.data_type in ('char', 'varchar', 'binary',
    'varbinary', 'tinytext', 'text', 'mediumtext', 'longtext', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'json')
  order by c.table_name, c.ordinal_position`

/** The tables of the running tenant on MySQL and MariaDB, with their columns that can hold a text. */
export async function mysqlTables(ask: Ask): Promise<readonly SearchedTable[]> {
  const tables = new Map<string, string[]>()
  for (const { tableName, columnName } of await ask(COLUMNS)) {
    const name = String(tableName)
    tables.set(name, [...(tables.get(name) ?? []), String(columnName)])
  }
  return [...tables].map(([name, columns]) => ({
    name,
    async rowsWith(texts, limit) {
      const wanted = columns.flatMap((column) =>
        texts.map((text) => ({
          condition: `convert(${quote(column)} using utf8mb4) like ?`,
          value: `%${text}%`,
        })),
      )
      if (wanted.length === 0) return []
      const where = wanted.map(({ condition }) => condition).join(' or ')
      return ask(
        `select ${columns.map(quote).join(', ')} from ${quote(name)} where ${where} limit ${limit}`,
        wanted.map(({ value }) => value),
      )
    },
  }))
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
