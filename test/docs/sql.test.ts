import { randomBytes } from 'node:crypto'
import { createTenancy } from '../../src/index'
import { mysql } from '../../src/mysql/index'
import { postgres } from '../../src/postgres/index'
import { MigrationFolder } from '../support/migrations'
import {
  adminClient,
  dropMysqlPrefix,
  dropPrefix,
  MYSQL_SERVERS,
  SERVERS,
  uniquePrefix,
  withOwner,
} from '../support/servers'
import { BLOCKS } from './support/pages'

const server = SERVERS[0]!
const mysqlServer = MYSQL_SERVERS[0]!
const sql = BLOCKS.filter(({ kind }) => kind === 'sql')
const migrations = sql.filter(({ text }) => text.startsWith('-- Up Migration'))

test('these are all: the quick start is done by a test of its own', () => {
  expect(sql.map(({ page }) => page)).toEqual([
    'docs/migrations.md',
    'docs/migrations.md',
    'docs/roles.md',
    'docs/shared-data.md',
  ])
})

test.each(migrations)('the migration of $place runs, up and down', async ({ text }) => {
  const shared = `shared_${randomBytes(6).toString('hex')}`
  const folder = new MigrationFolder({ '20200101000000_page.sql': text.replaceAll('shared.', `${shared}.`) })
  const prefix = uniquePrefix(`page ${text.length}`)
  const isMysql = text.includes('auto_increment')
  const engine = isMysql
    ? mysql({ uri: mysqlServer.appUrl, migrationUrl: mysqlServer.ownerUrl })
    : postgres({ connectionString: server.appUrl, migrationUrl: server.ownerUrl })
  const tenancy = createTenancy<unknown, unknown>({ engine, prefix, migrations: folder.path })
  try {
    await withOwner(server, (client) =>
      client.query(`create schema ${shared}; create table ${shared}.countries (code char(2) primary key)`),
    )
    expect((await tenancy.create('acme')).versions).toEqual([20200101000000])
    if (text.includes('-- Down Migration')) {
      expect((await tenancy.rollback('acme', { all: true })).versions).toEqual([20200101000000])
    }
  } finally {
    await tenancy.close()
    await (isMysql ? dropMysqlPrefix(mysqlServer, prefix) : dropPrefix(server, prefix))
    await withOwner(server, (client) => client.query(`drop schema ${shared} cascade`))
    folder.remove()
  }
})

/** Nobody may make roles on a server that is somebody's. */
const onOwnServer = server.superuserUrl === undefined ? test.skip : test

onOwnServer('the roles and the database of docs/roles.md can be made as they are written', async () => {
  const end = randomBytes(6).toString('hex')
  const text = sql.find(({ page }) => page === 'docs/roles.md')!.text
  const [owner, app, main] = [`owner_${end}`, `app_${end}`, `main_${end}`]
  const admin = await adminClient(server)
  try {
    for (const line of text.trim().split('\n')) {
      const own = line
        .replace(
          /\b(role|owner|to) (owner|app)\b/g,
          (_, word: string, name: string) => `${word} ${name}_${end}`,
        )
        .replace(/\bdatabase main\b/, `database ${main}`)
      expect(own).not.toBe(line)
      await admin.query(own)
    }
    const { rows } = await admin.query(`select has_database_privilege($1, $2, 'connect') as can`, [app, main])
    expect(rows).toEqual([{ can: true }])
  } finally {
    await admin.query(`drop database if exists ${main}`)
    for (const role of [app, owner]) await admin.query(`drop role if exists ${role}`)
    await admin.end()
  }
})
