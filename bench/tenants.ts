import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'

/** How many tenants the ways take turns with. */
export const TENANTS = 200

const NUMBERS = Array.from({ length: TENANTS }, (_, index) => index + 1)

/** Works on tenants of a PostgreSQL. @returns its version */
export async function createPostgresTenants(url: string): Promise<string> {
  const client = new Client({ connectionString: url })
  client.on('notice', () => {})
  await client.connect()
  try {
    for (const number of NUMBERS) {
      await client.query(
        `drop schema if exists tenant_${number} cascade;
         create schema tenant_${number}; create table tenant_${number}.users (id int primary key, name text);
         insert into tenant_${number}.users select i, 't${number}_u' || i from generate_series(1, 10) i; analyze tenant_${number}.users`,
      )
    }
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]!.server_version
  } finally {
    await client.end()
  }
}

/** Removes them from a server that outlives the benchmark. */
export async function dropPostgresTenants(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  for (const number of NUMBERS) await client.query(`drop schema if exists tenant_${number} cascade`)
  await client.end()
}

/** Makes the same tenants on a MySQL or MariaDB. */
export async function createMysqlTenants(url: string): Promise<void> {
  const connection = await createConnection({ uri: url, multipleStatements: true })
  const users = Array.from({ length: 10 }, (_, index) => index + 1)
  for (const number of NUMBERS) {
    const rows = users.map((id) => `(${id}, 't${number}_u${id}')`).join(', ')
    await connection.query(
      `drop database if exists tenant_${number}; create database tenant_${number};
       create table tenant_${number}.users (id int primary key, name varchar(40)); insert into tenant_${number}.users values ${rows}`,
    )
  }
  await connection.end()
}

/** Removes them from a server that outlives the benchmark. */
export async function dropMysqlTenants(url: string): Promise<void> {
  const connection = await createConnection(url)
  for (const number of NUMBERS) await connection.query(`drop database if exists tenant_${number}`)
  await connection.end()
}
