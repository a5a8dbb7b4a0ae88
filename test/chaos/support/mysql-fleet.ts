import { createConnection } from 'mysql2/promise'
import type { Connection } from 'mysql2/promise'
import { PREFIX } from './fleet'
import type { Fleet, Found } from './fleet'
import { MYSQL_RELEASES } from './mysql-releases'
import type { PrivateServer } from './private-server'

/** For each question of the test's own. */
const LIMIT_MS = 30_000

type Ask = <Row extends object>(sql: string, values?: unknown[]) => Promise<Row[]>

/** The fleet on MariaDB. */
export function mysqlFleet(server: PrivateServer): Fleet {
  const ask: Ask = async <Row extends object>(sql: string, values: unknown[] = []) => {
    const connection = await connect(server)
    try {
      return (await connection.query({ sql, timeout: LIMIT_MS }, values))[0] as Row[]
    } finally {
      await connection.end().catch(() => {})
    }
  }
  return {
    releases: MYSQL_RELEASES,
    config: { engine: 'mysql', prefix: PREFIX },
    env: { MYSQL_URL: server.appUrl, MYSQL_OWNER_URL: server.ownerUrl },
    async killBackends(pick) {
      const all = await ask<{ id: number }>(
        "select id from information_schema.processlist where user = 'rowhouse_owner' order by id",
      )
      const chosen = pick(all.map(({ id }) => Number(id)))
      // It may be gone by then.
      for (const id of chosen) await ask(`kill ${id}`).catch(() => {})
      return chosen.length
    },
    async hold(tenant) {
      const connection = await connect(server)
      await connection.query('begin')
      await connection.query('select * from ??.items', [PREFIX + tenant])
      return async () => connection.destroy()
    },
    async setValue(tenant, column, value) {
      await ask('update ??.items set ?? = ? where code = 7', [PREFIX + tenant, column, value])
    },
    inspect: (tenant) => inspect(ask, PREFIX + tenant),
    async isDone(tenant, { migration, statement }) {
      if (migration !== '20260301000000_summary' || statement !== 2)
        throw new Error(`Of ${migration}, statement ${statement}, it should be known what it did.`)
      const tables = await ask(
        "select 1 from information_schema.tables where table_schema = ? and table_name = 'summary'",
        [PREFIX + tenant],
      )
      return tables.length > 0
    },
    async leftBehind() {
      const rows = await ask<{ name: string }>(
        "select schema_name as name from information_schema.schemata where schema_name not in ('mysql', 'sys', 'performance_schema', 'information_schema')",
      )
      return rows.map(({ name }) => name).filter((name) => !name.startsWith(PREFIX))
    },
  }
}

async function connect({ rootUrl }: PrivateServer): Promise<Connection> {
  const connection = await createConnection({ uri: rootUrl, connectTimeout: LIMIT_MS })
  // The server is killed.
  connection.on('error', () => {})
  return connection
}

async function inspect(ask: Ask, schema: string): Promise<Found> {
  const names = async (table: string, where = ''): Promise<string[]> =>
    (await ask<{ name: string }>(`select name from ??.${table} ${where}`, [schema]))
      .map(({ name }) => name)
      .sort()
  const columns = await ask<{ place: string }>(
    `select concat(table_name, '.', column_name) as place from information_schema.columns
      where table_schema = ? and table_name not in ('schema_migrations', '_rowhouse')
     union all
     select distinct index_name from information_schema.statistics
      where table_schema = ? and table_name not in ('schema_migrations', '_rowhouse') and index_name <> 'PRIMARY'`,
    [schema, schema],
  )
  const [counter] = await ask<{ n: number }>('select n from ??.counter', [schema])
  const statements = await ask<{ name: string; number: number }>(
    `select own.name, own.number from ??.schema_migrations own join ??.schema_migrations whole on whole.name = own.name
      where own.number > 0 and whole.number = 0 and whole.state = 'applied'`,
    [schema, schema],
  )
  return {
    applied: await names('schema_migrations', "where number = 0 and state = 'applied'"),
    trace: await names('trace'),
    counter: counter!.n,
    objects: columns.map(({ place }) => place).sort(),
    leftovers: statements.map(({ name, number }) => `statement ${number} of ${name} in the journal`),
  }
}
