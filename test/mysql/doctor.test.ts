import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createConnection } from 'mysql2/promise'
import { provideMysql } from '../../scripts/embedded-mysql/provide'
import type { StartedMysqlServer } from '../../scripts/embedded-mysql/start'
import type { Finding } from '../../src/doctor/finding'
import type { MysqlOptions } from '../../src/mysql/mysql'
import { MysqlTown } from './support/town'

/** Of a server that the tests may set up as they like. */
let server: StartedMysqlServer & { readonly name: string }
let town: MysqlTown
let isOpen = false

const environment = { ...process.env }
beforeAll(async () => {
  delete process.env.MYSQL_URL
  server = { ...((await provideMysql()) as StartedMysqlServer), name: 'MariaDB' }
  process.env = { ...environment }
})
afterAll(() => server.stop())
afterEach(async () => {
  if (isOpen) await town.close()
  isOpen = false
})

async function asRoot(...statements: string[]): Promise<void> {
  const root = await createConnection(server.rootUrl)
  try {
    for (const sql of statements) await root.query(sql)
  } finally {
    await root.end()
  }
}

function codes(findings: readonly Finding[]): string[] {
  return findings.map(({ severity, code }) => `${severity} ${code}`)
}

async function open(title: string, options: MysqlOptions = {}): Promise<void> {
  town = await MysqlTown.open({ ...server, version: 10 }, title, undefined, options)
  isOpen = true
}

/** What is found with other options. */
async function diagnose(options: MysqlOptions = {}): Promise<readonly Finding[]> {
  const tenancy = town.sibling({}, options)
  try {
    return await tenancy.doctor()
  } finally {
    await tenancy.close()
  }
}

/** What is found while the server has other settings. */
async function whileSet(
  name: string,
  value: string,
  options: MysqlOptions = {},
): Promise<readonly Finding[]> {
  const root = await createConnection({ uri: server.rootUrl, rowsAsArray: true })
  const [[[before]]] = (await root.query(`select @@global.${name}`)) as unknown as [[[unknown]]]
  try {
    await root.query(`set global ${name} = ${value}`)
    return await diagnose(options)
  } finally {
    await root.query(`set global ${name} = ?`, [before])
    await root.end()
  }
}

test('nothing is wrong with a healthy set-up', async () => {
  await open('healthy')
  expect(await town.tenancy.doctor()).toEqual([])
  await town.tenancy.create('acme')
  expect(await town.tenancy.doctor()).toEqual([])
  expect(await diagnose({ rowsAsArray: true, dateStrings: true, nestTables: true })).toEqual([])
  expect(await diagnose({ migrationUrl: undefined })).toEqual([])
})

test('where the application may not write it works all the same', async () => {
  await open('read only')
  await town.tenancy.create('acme')
  expect(await whileSet('read_only', '1')).toEqual([])
})

test.each<[string, string, string, string]>([
  ['session_track_schema', 'off', 'error schema-not-tracked', 'session_track_schema is off'],
  ['max_prepared_stmt_count', '4000', 'warning too-few-statements', '4000 prepared'],
  ['max_prepared_stmt_count', '100', 'error too-few-statements', '100 prepared'],
  ['init_connect', "'set @a = 1'", 'warning init-connect-lost', '"set @a = 1"'],
  ['max_connections', '10', 'error too-few-connections', '12 connections (10 for'],
])('%s = %s: %s', async (name, value, code, reason) => {
  await open(`${name} ${value}`)
  const findings = await whileSet(name, value, { connectionLimit: 10 })
  expect(codes(findings)).toEqual([code])
  expect(findings[0]!.reason).toContain(reason)
})

test('a cache that is smaller than the tenants are', async () => {
  await open('table cache')
  for (const id of ['a', 'b', 'c', 'd']) await town.tenancy.create(id)
  const findings = await whileSet('table_open_cache', '10')
  expect(codes(findings)).toEqual(['warning table-cache-too-small'])
  expect(findings[0]!.reason).toMatch(/^The tenants have (1[1-9]|2\d) tables, and the server keeps 10 open /)
})

test('local files that both sides allow', async () => {
  await open('local files')
  const code = 'warning local-files-allowed'
  expect(codes(await diagnose({ flags: ['+LOCAL_FILES'] }))).toEqual([code])
  expect(codes(await diagnose({ uri: `${server.appUrl}?flags=LOCAL_FILES` }))).toEqual([code])
  expect(await whileSet('local_infile', '0', { flags: ['+LOCAL_FILES'] })).toEqual([])
})

test('a limit of the account', async () => {
  await open('account limit')
  await asRoot("alter user 'rowhouse_app'@'%' with max_user_connections 4")
  const findings = await diagnose({ connectionLimit: 10 })
  await asRoot("alter user 'rowhouse_app'@'%' with max_user_connections 0")
  expect(codes(findings)).toEqual(['error too-few-connections'])
  expect(findings[0]!.reason).toContain('has 4 for it (max_user_connections of rowhouse_app@%)')
  expect(codes(await diagnose({ connectionLimit: 0 }))).toEqual(['error too-few-connections'])
})

test('rights of the account', async () => {
  await open('rights')
  const app = "'rowhouse_app'@'%'"
  async function withGrant(grant: string, from: string): Promise<string[]> {
    await asRoot(`grant ${grant}`)
    const found = await diagnose({ database: 'information_schema' })
    await asRoot(`revoke all privileges, grant option from ${from}`)
    return codes(found)
  }
  const pattern = `${town.prefix.replaceAll('_', '\\_')}%`
  expect(await withGrant(`all privileges on *.* to ${app} with grant option`, app)).toEqual([
    'error account-has-super',
    'error rights-on-all-databases',
    'warning account-may-grant',
  ])
  expect(await withGrant(`select on *.* to ${app}`, app)).toEqual(['error rights-on-all-databases'])
  expect(await withGrant(`process on *.* to ${app}`, app)).toEqual([])
  expect(await withGrant(`select on mysql.* to ${app}`, app)).toEqual(['warning rights-outside-tenants'])
  expect(await withGrant(`all privileges on \`${pattern}\`.* to ${app}`, app)).toEqual([])
  expect(await withGrant(`select on \`${town.prefix}%\`.* to ${app}`, app)).toEqual([
    'warning rights-outside-tenants',
  ])
  expect(await withGrant(`select on \`${pattern}\`.* to ${app} with grant option`, app)).toEqual([
    'warning account-may-grant',
  ])
})

test('rights that the account has by its role', async () => {
  await open('roles')
  await asRoot(
    'create role sneaky',
    'grant select on *.* to sneaky',
    'grant select on mysql.* to sneaky',
    "grant sneaky to 'rowhouse_app'@'%'",
    "set default role sneaky for 'rowhouse_app'@'%'",
  )
  const findings = await diagnose()
  await asRoot('drop role sneaky')
  expect(codes(findings)).toEqual(['error rights-on-all-databases', 'warning rights-outside-tenants'])
  expect(await diagnose()).toEqual([])
})

test('a proxy, which makes up the id of the connection', async () => {
  await open('proxy')
  const [app, owner] = await Promise.all([startProxyLike(server.appUrl), startProxyLike(server.ownerUrl)])
  try {
    expect(codes(await diagnose({ uri: app.url }))).toEqual(['error proxy-in-between'])
    expect(await diagnose({ uri: app.url, switch: 'awaited' })).toEqual([])
    expect(codes(await diagnose({ migrationUrl: owner.url }))).toEqual(['error proxy-before-migrations'])
  } finally {
    await Promise.all([app.close(), owner.close()])
  }
})

test('an owner who is shut out', async () => {
  await open('shut out')
  const [finding] = await diagnose({ migrationUrl: server.ownerUrl.replace('rowhouse_owner', 'nobody_here') })
  expect(finding).toMatchObject({
    code: 'migrations-unreachable',
    reason: expect.stringContaining('nobody_here'),
  })
})

test('names that the server folds', async () => {
  delete process.env.MYSQL_URL
  const folding = (await provideMysql({ settings: ['--lower-case-table-names=1'] })) as StartedMysqlServer
  process.env = { ...environment }
  try {
    const other = await MysqlTown.open({ ...folding, name: 'folding', version: 10 }, 'folded')
    expect(codes(await other.tenancy.doctor())).toEqual(['warning names-folded'])
    await other.close()
  } finally {
    await folding.stop()
  }
})

/** Changes the connection's id in the server's greeting, behind length, protocol and version. */
async function startProxyLike(target: string): Promise<{ url: string; close: () => Promise<void> }> {
  const url = new URL(target)
  const [host, port] = [url.hostname, Number(url.port)]
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const upstream = connect(port, host)
    client.pipe(upstream)
    upstream.once('data', (greeting: Buffer) => {
      greeting.writeUInt32LE(999_999, greeting.indexOf(0, 5) + 1)
      client.write(greeting)
      upstream.pipe(client)
    })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`
  return {
    url: url.href,
    async close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
