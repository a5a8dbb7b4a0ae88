import { Client } from 'pg'
import { PREFIX } from './fleet'
import type { Fleet, Found } from './fleet'
import { POSTGRES_RELEASES } from './postgres-releases'
import type { PrivateServer } from './private-server'

/** For each question of the test's own. */
const LIMIT_MS = 30_000
const OBJECTS = `
  select a.attrelid::regclass::text as place, c.relname as "table", a.attname as "column", c.relkind as kind, i.indisvalid as valid
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and c.relkind = 'r'
    left join pg_index i on i.indexrelid = c.oid and not i.indisprimary
   where n.nspname = $1 and c.relname not in ('schema_migrations', '_rowhouse') and (a.attname is not null or i.indexrelid is not null)`

/** The fleet on PostgreSQL. */
export function postgresFleet(server: PrivateServer): Fleet {
  const ask = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> => {
    const client = await connect(server)
    try {
      return (await client.query<Row>(sql, values)).rows
    } finally {
      await client.end().catch(() => {})
    }
  }
  return {
    releases: POSTGRES_RELEASES,
    config: { engine: 'postgres', prefix: PREFIX },
    env: { DATABASE_URL: server.appUrl, OWNER_URL: server.ownerUrl },
    async killBackends(pick) {
      const all = await ask<{ pid: number }>(
        "select pid from pg_stat_activity where usename = 'rowhouse_owner' order by pid",
      )
      const chosen = pick(all.map(({ pid }) => pid))
      await ask('select pg_terminate_backend(pid) from unnest($1::int[]) pid', [chosen])
      return chosen.length
    },
    async hold(tenant) {
      const client = await connect(server)
      await client.query(`begin; select from ${PREFIX}${tenant}.items`)
      return async () => client.end().catch(() => {})
    },
    async setValue(tenant, column, value) {
      await ask(`update ${PREFIX}${tenant}.items set ${column} = $1 where code = 7`, [value])
    },
    inspect: (tenant) => inspect(ask, `${PREFIX}${tenant}`),
    async leftBehind() {
      const rows = await ask<{ name: string }>(
        `select nspname as name from pg_namespace where nspname !~ '^(pg_|${PREFIX}|information_schema$|public$)'`,
      )
      return rows.map(({ name }) => `schema ${name}`)
    },
  }
}

async function connect({ rootUrl }: PrivateServer): Promise<Client> {
  const client = new Client({
    connectionString: rootUrl,
    application_name: 'chaos',
    connectionTimeoutMillis: LIMIT_MS,
    query_timeout: LIMIT_MS,
  })
  // The server is killed.
  client.on('error', () => {})
  await client.connect()
  return client
}

async function inspect(
  ask: <Row extends object>(sql: string, values?: unknown[]) => Promise<Row[]>,
  schema: string,
): Promise<Found> {
  const names = async (table: string): Promise<string[]> =>
    (await ask<{ name: string }>(`select name from ${schema}.${table}`)).map(({ name }) => name)
  const objects = await ask<{ table: string; column: string | null; valid: boolean | null }>(OBJECTS, [
    schema,
  ])
  const [counter] = await ask<{ n: number }>(`select n from ${schema}.counter`)
  return {
    applied: (await names('schema_migrations')).sort(),
    trace: (await names('trace')).sort(),
    counter: counter!.n,
    objects: objects.map(({ table, column }) => (column === null ? table : `${table}.${column}`)).sort(),
    leftovers: objects.filter(({ valid }) => valid === false).map(({ table }) => `INVALID index ${table}`),
  }
}
