import type { Connection } from 'mysql2/promise'

/** Everything in a database that a migration can have made: definitions and rows. Names of the database are left out. */
export async function dump(owner: Connection, schema: string): Promise<string> {
  const rows = async (sql: string): Promise<Record<string, string>[]> =>
    (await owner.query(sql))[0] as Record<string, string>[]
  await owner.query('use ??', [schema])
  const parts: unknown[] = []
  for (const table of await rows(
    `select table_name as name, table_type as type from information_schema.tables
      where table_schema = database() and table_name not in ('_rowhouse', 'schema_migrations') order by binary table_name`,
  )) {
    parts.push(
      table,
      await rows(`show create table \`${table.name}\``),
      await rows(`select * from \`${table.name}\` order by 1`),
    )
  }
  parts.push(
    await rows(
      'select trigger_name as n, action_statement as s from information_schema.triggers where trigger_schema = database() order by 1',
    ),
    await rows(
      'select routine_name as n, routine_definition as s from information_schema.routines where routine_schema = database() order by 1',
    ),
    await rows('select name, number, state, direction, run_order from schema_migrations order by 1, 2'),
  )
  return JSON.stringify(parts, null, 1).replaceAll(schema, 'TENANT')
}
