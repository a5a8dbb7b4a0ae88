import pg from 'pg'
import { createTenancy, fromHeader } from '../../src/index'
import { postgres } from '../../src/postgres/postgres'
import { recordingEngine } from '../../src/testing/recording-engine'
import { SERVERS } from '../support/servers'
import { serve } from '../request/serve'
import express from 'express'

const engine = recordingEngine<pg.Pool>()
const tenancy = createTenancy({ engine })
const { pool } = tenancy

beforeEach(() => engine.reset())

test('writes down what each tenant asks, and answers what was said', async () => {
  engine.answer('select * from widgets', [{ id: 1 }])
  engine.answer(/^insert/, { rowCount: 1, rows: [] })
  const rows = await tenancy.run('acme', async () => (await pool.query('select *\n  from widgets')).rows)
  const insert = await tenancy.run('other', () =>
    pool.query({ text: 'insert into widgets values ($1)', values: [7] }),
  )
  expect(rows).toEqual([{ id: 1 }])
  expect(insert).toMatchObject({ command: 'INSERT', rowCount: 1 })
  expect(engine.queries).toEqual([
    {
      tenant: 'acme',
      schema: 'tenant_acme',
      text: 'select *\n  from widgets',
      values: [],
      client: undefined,
    },
    {
      tenant: 'other',
      schema: 'tenant_other',
      text: 'insert into widgets values ($1)',
      values: [7],
      client: undefined,
    },
  ])
})

test('an answer may be made of the query, may be an error, and the last one counts', async () => {
  engine.answer(() => true, new Error('down'))
  engine.answer('select 1', async ({ tenant, values }) => [{ tenant, values }])
  await tenancy.run('acme', async () => {
    await expect(pool.query('select 2')).rejects.toThrow('down')
    const { rows } = await pool.query({ text: 'select 1', values: [1] })
    expect(rows).toEqual([{ tenant: 'acme', values: [1] }])
    const { rows: arrays } = await pool.query({ text: 'select 1', rowMode: 'array' })
    expect(arrays).toEqual([['acme', []]])
  })
})

test('a transaction is seen to be on one client', async () => {
  await tenancy.run('acme', async () => {
    for (let times = 0; times < 2; times += 1) {
      const client = await pool.connect()
      await client.query('begin')
      await client.query('commit')
      client.release()
    }
  })
  expect(engine.queries.map(({ text, client }) => [text, client])).toEqual([
    ['begin', 1],
    ['commit', 1],
    ['begin', 2],
    ['commit', 2],
  ])
})

test('tenancy.transaction is written down with all that joins it, and what comes too late is refused', async () => {
  let late: Promise<unknown> | undefined
  let end = (): void => {}
  const over = new Promise<void>((resolve) => (end = resolve))
  await tenancy.run('acme', () =>
    tenancy.transaction(async () => {
      await pool.query('select 1')
      const inner = tenancy.transaction(async () => {
        await pool.query('select 2')
        throw new Error('inner')
      })
      await expect(inner).rejects.toThrow('inner')
      late = over.then(() => pool.query('select 3'))
    }),
  )
  end()
  await expect(late).rejects.toMatchObject({ code: 'ROWHOUSE_CLIENT_RELEASED' })
  await pool.query('select 4').catch(() => {})
  expect(engine.queries.map(({ text, client, tenant }) => [text, client, tenant])).toEqual(
    [
      'begin',
      'select 1',
      'savepoint rowhouse_1',
      'select 2',
      'rollback to savepoint rowhouse_1',
      'commit',
    ].map((text) => [text, 1, 'acme']),
  )
  const failing = tenancy.run('acme', () => tenancy.transaction(() => Promise.reject(new Error('no'))))
  await expect(failing).rejects.toThrow('no')
  expect(engine.queries.at(-1)).toMatchObject({ text: 'rollback', client: 2 })
  await expect(tenancy.transaction(async () => {})).rejects.toMatchObject({
    code: 'ROWHOUSE_TENANT_REQUIRED',
  })
})

test('table calls are answered as they are said to be', async () => {
  engine.answer(/^insert into "widgets"/, [{ id: 1, name: 'bolt' }])
  expect(await tenancy.for('acme').insert('widgets', { name: 'bolt' })).toEqual({ id: 1, name: 'bolt' })
  expect(await tenancy.for('acme').get('widgets', 1)).toBeUndefined()
  expect(engine.queries.map(({ text, values, tenant }) => [text, values, tenant])).toEqual([
    ['insert into "widgets" ("name") values ($1) returning *', ['bolt'], 'acme'],
    ['select * from "widgets" where "id" = $1 limit $2', [1, 2], 'acme'],
  ])
})

test('callbacks are called as the driver calls them, in the context of the call', async () => {
  engine.answer('select 1', [{ n: 1 }])
  const seen = await tenancy.run(
    'acme',
    () =>
      new Promise<unknown[]>((resolve, reject) => {
        pool.connect((error, client, release) => {
          if (error || !client) return reject(error)
          client.query('select 1', (failed: Error, { rows }: { rows: unknown[] }) => {
            release()
            resolve([failed, rows, tenancy.current()?.id])
          })
        })
      }),
  )
  expect(seen).toEqual([undefined, [{ n: 1 }], 'acme'])
  const refused = await new Promise((resolve) => pool.query('select 1', resolve))
  expect(refused).toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
})

test('the middleware is the real one: tenants that are not there are 404', async () => {
  engine.answer('select name from widgets', ({ tenant }) => [{ name: `of ${tenant}` }])
  const app = express()
  app.use(tenancy.middleware({ resolve: fromHeader('x-tenant'), trustResolution: true }))
  app.get('/', (_req, res, next) => {
    pool.query('select name from widgets').then(({ rows }) => res.json(rows), next)
  })
  app.use(((error, _req, res, _next) => {
    res.status(error.status ?? 500).json({})
  }) as express.ErrorRequestHandler)
  const { fetch, close } = await serve(app)
  try {
    await tenancy.create('acme', { migrate: false })
    const of = (tenant: string) => fetch('/', { headers: { 'x-tenant': tenant } })
    expect(await of('acme')).toMatchObject({ status: 200, text: '[{"name":"of acme"}]' })
    expect(await of('nobody')).toMatchObject({ status: 404 })
    await tenancy.suspend('acme')
    expect(await of('acme')).toMatchObject({ status: 403 })
    await tenancy.drop('acme')
    expect(await of('acme')).toMatchObject({ status: 404 })
  } finally {
    await close()
  }
})

test('tenants live, and their migrations are noted', async () => {
  const created = await tenancy.create('town')
  expect(created.versions.length).toBeGreaterThan(0)
  expect(await tenancy.list()).toMatchObject([{ tenant: 'town', state: 'active' }])
  const { versions } = await tenancy.rollback('town')
  expect((await tenancy.status('town')).pending).toHaveLength(versions.length)
  await tenancy.drop('town')
  expect(await tenancy.exists('town')).toBe(false)
})

test('shared tables are asked without a tenant', async () => {
  await tenancy.admin.query('select 1')
  await tenancy.withoutTenant(() => pool.query('select 2'))
  expect(engine.queries).toMatchObject([
    { tenant: undefined, text: 'select 1' },
    { tenant: undefined, text: 'select 2' },
  ])
})

test('what needs a database is refused', async () => {
  expect(() => tenancy.run('acme', () => pool.query(new pg.Query('select 1') as never))).toThrow(
    /recording pool takes a text/,
  )
  expect(() => recordingEngine({ driver: 'oracle' as 'mysql' })).toThrow(/driver/)
})

/** The same wrong calls on a recording pool and on the real one. */
describe('refuses what the real pool refuses', () => {
  const real = createTenancy({
    engine: postgres({ connectionString: SERVERS[0]!.appUrl }),
    prefix: 'nobody_',
  })
  afterAll(() => real.close())

  describe.each([
    ['recording', tenancy],
    ['real', real],
  ])('%s', (_name, one) => {
    const { pool: tested } = one
    const runIn = <T>(tenant: string, work: () => T): T => one.run(tenant, work)
    const none = <T>(work: () => T): T => one.withoutTenant(work)

    test('a query and a client without a tenant', async () => {
      await expect(tested.query('select 1')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
      await expect(tested.connect()).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
    })

    test('a client in the context of another tenant, of none on purpose, and after its release', async () => {
      const client = await runIn('acme', () => tested.connect())
      const mismatch = { code: 'ROWHOUSE_TENANT_MISMATCH', tenant: 'acme' }
      await expect(runIn('other', () => client.query('select 1'))).rejects.toMatchObject(mismatch)
      await expect(none(() => client.query('select 1'))).rejects.toMatchObject(mismatch)
      client.release()
      await expect(runIn('acme', () => client.query('select 1'))).rejects.toMatchObject({
        code: 'ROWHOUSE_CLIENT_RELEASED',
        tenant: 'acme',
      })
      expect(() => client.release()).toThrow(/already been released/)
      expect(engine.queries).toEqual([])
    })
  })

  test('a lost context on a client is none of these, as on the real one', async () => {
    const client = await tenancy.run('acme', () => pool.connect())
    await client.query('select 1')
    client.release()
    expect(engine.queries).toMatchObject([{ tenant: 'acme', client: 1 }])
  })
})

describe('for MySQL', () => {
  const mysqlEngine = recordingEngine({ driver: 'mysql' })
  const mysqlTenancy = createTenancy({ engine: mysqlEngine })

  beforeEach(() => mysqlEngine.reset())

  test('query, execute and transactions answer rows and fields', async () => {
    mysqlEngine.answer('select ?', ({ values }) => [{ n: values[0] }])
    mysqlEngine.answer(/insert/, { insertId: 7, affectedRows: 1 })
    await mysqlTenancy.run('acme', async () => {
      expect(await mysqlTenancy.pool.query('select ?', [1])).toEqual([[{ n: 1 }], []])
      expect(await mysqlTenancy.pool.execute({ sql: 'select ?', values: 2 })).toEqual([[{ n: 2 }], []])
      const connection = await mysqlTenancy.pool.getConnection()
      await connection.beginTransaction()
      expect(await connection.execute('insert into t values (1)')).toEqual([
        { insertId: 7, affectedRows: 1 },
        [],
      ])
      await connection.commit()
      connection.release()
    })
    expect(mysqlEngine.queries.map(({ text, client }) => [text, client])).toEqual([
      ['select ?', undefined],
      ['select ?', undefined],
      ['START TRANSACTION', 1],
      ['insert into t values (1)', 1],
      ['COMMIT', 1],
    ])
  })

  test('refuses the same', async () => {
    const refused = { code: 'ROWHOUSE_TENANT_REQUIRED' }
    await expect(mysqlTenancy.pool.query('select 1')).rejects.toMatchObject(refused)
    await expect(mysqlTenancy.pool.execute('select 1')).rejects.toMatchObject(refused)
    await expect(mysqlTenancy.pool.getConnection()).rejects.toMatchObject(refused)
    const connection = await mysqlTenancy.run('acme', () => mysqlTenancy.pool.getConnection())
    const elsewhere = mysqlTenancy.run('other', () => connection.query('select 1'))
    await expect(elsewhere).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_MISMATCH' })
    connection.release()
    await expect(connection.rollback()).rejects.toMatchObject({ code: 'ROWHOUSE_CLIENT_RELEASED' })
    expect(mysqlEngine.queries).toEqual([])
  })
})
