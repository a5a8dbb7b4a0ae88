import { createConnection } from 'mysql2/promise'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { createTenancy } from 'rowhouse'
import { mysql } from 'rowhouse/mysql'
import { provideMysql } from '../scripts/embedded-mysql/provide'
import { POOL_SIZE, TENANTS, visitAll } from './visits'

const BATCH = 100
const READ = 'select * from users'
const FORMS = ['query', 'execute'] as const

/** What many tenants cost on MariaDB: this process for each of them, and the server for all connections together. */
export async function scaleMysql(): Promise<void> {
  const server = await provideMysql()
  const owner = await createConnection({ uri: server.ownerUrl, multipleStatements: true })
  try {
    await createTenants(owner)
    console.log(
      '| asked by | our heap, bytes per tenant | same, second visit | prepared statements | MiB of the server | us per query |',
    )
    console.log('|---|---|---|---|---|---|')
    for (const form of FORMS) await row(server.ownerUrl, owner, form)
  } finally {
    await owner.end()
    await server.stop()
  }
}

async function createTenants(owner: Connection): Promise<void> {
  for (let first = 1; first <= TENANTS; first += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, TENANTS - first + 1) }, (_, index) => first + index)
    const texts = numbers.map(
      (number) =>
        `create database tenant_${number}; create table tenant_${number}.users (id int primary key, name varchar(40))`,
    )
    await owner.query(texts.join('; '))
  }
}

async function row(uri: string, owner: Connection, form: (typeof FORMS)[number]): Promise<void> {
  const tenancy = createTenancy({ engine: mysql({ uri, connectionLimit: POOL_SIZE }) })
  const { pool } = tenancy
  const before = await statusOf(owner, 'Memory_used')
  const { grown, microsPerQuery } = await visitAll((tenant) =>
    tenancy.run(tenant, () => (form === 'query' ? pool.query(READ) : pool.execute(READ))),
  )
  const statements = await statusOf(owner, 'Prepared_stmt_count')
  const mebibytes = ((await statusOf(owner, 'Memory_used')) - before) / 2 ** 20
  const figures = [...grown, statements, mebibytes, microsPerQuery].map((figure) => figure.toFixed(0))
  console.log(`| \`${form}\` | ${figures.join(' | ')} |`)
  await tenancy.close()
}

/** Of MariaDB. */
async function statusOf(owner: Connection, name: string): Promise<number> {
  const [rows] = await owner.query<RowDataPacket[]>('show global status like ?', [name])
  return Number(rows[0]?.['Value'])
}
