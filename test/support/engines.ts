import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { dropMysqlPrefix, dropPrefix, MYSQL_SERVERS, SERVERS } from './servers'
import type { MysqlTestServer, TestServer } from './servers'

/** A server of any engine, for tests of what all of them promise. */
export interface EngineServer {
  /** `PostgreSQL 18`, `MariaDB 10.11` */
  readonly name: string
  readonly engine: 'postgres' | 'mysql'
  readonly appUrl: string
  readonly ownerUrl: string
  /** Rows of a statement of the owner's, with unqualified names in this schema. */
  asOwner(sql: string, schema?: string): Promise<any[]>
  /** Names of the schemas that begin with exactly this text, sorted. */
  schemas(prefix: string): Promise<string[]>
  dropPrefix(prefix: string): Promise<void>
}

/** Each server of this run: `describe.each(ENGINE_SERVERS)('... on $name', (server) => ...)`. */
export const ENGINE_SERVERS: readonly EngineServer[] = [
  ...SERVERS.map(postgresServer),
  ...MYSQL_SERVERS.map(mysqlServer),
]

function postgresServer(server: TestServer): EngineServer {
  const { name, appUrl, ownerUrl } = server
  async function asOwner(sql: string, schema?: string): Promise<any[]> {
    const client = new Client({ connectionString: ownerUrl })
    await client.connect()
    try {
      if (schema !== undefined) await client.query(`set search_path to ${client.escapeIdentifier(schema)}`)
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }
  return {
    ...{ name, engine: 'postgres', appUrl, ownerUrl, asOwner },
    schemas: async (prefix) => named(await asOwner('select nspname as name from pg_namespace'), prefix),
    dropPrefix: (prefix) => dropPrefix(server, prefix),
  }
}

function mysqlServer(server: MysqlTestServer): EngineServer {
  const { name, appUrl, ownerUrl } = server
  async function asOwner(sql: string, schema?: string): Promise<any[]> {
    const connection = await createConnection(ownerUrl)
    try {
      if (schema !== undefined) await connection.query('use ??', [schema])
      return (await connection.query(sql))[0] as any[]
    } finally {
      await connection.end()
    }
  }
  const all = 'select schema_name as name from information_schema.schemata'
  return {
    ...{ name, engine: 'mysql', appUrl, ownerUrl, asOwner },
    schemas: async (prefix) => named(await asOwner(all), prefix),
    dropPrefix: (prefix) => dropMysqlPrefix(server, prefix),
  }
}

function named(rows: readonly { name: string }[], prefix: string): string[] {
  return rows
    .map(({ name }) => name)
    .filter((name) => name.startsWith(prefix))
    .sort()
}
