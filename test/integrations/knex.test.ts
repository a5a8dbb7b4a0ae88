import { setImmediate } from 'node:timers/promises'
import { knex } from 'knex'
import type { Knex } from 'knex'
import { describeLibrary } from './support/describe-library'
import { knexOnMysql, knexOnPostgres } from './support/libraries/knex'

const open = (client: string, connectionPool: unknown) =>
  knex({ client, connectionPool, log: { warn() {} } } as Knex.Config)

describeLibrary(knexOnPostgres, (town) => {
  test('a builder that run() returns begins in that tenant, also within another one', async () => {
    const { tenancy } = town()
    const db = open('pg', tenancy.pool)
    const names = (id: string) => tenancy.run(id, () => db('widgets').pluck('name'))
    expect(await names('acme')).toEqual(['acme seed'])
    expect(await tenancy.run('acme', async () => await names('globex'))).toEqual(['globex seed'])
  })

  test('its stream releases a connection twice, which a wrapper must let happen once', async () => {
    const { tenancy } = town()
    let released = 0
    const connect = async () => {
      const client = await tenancy.pool.connect()
      const release = client.release.bind(client)
      client.release = () => {
        if (++released === 1) release()
      }
      return client
    }
    const db = open('pg', { connect })
    for await (const row of tenancy.run('acme', () => db('widgets').stream()))
      expect(row).toMatchObject({ name: 'acme seed' })
    await setImmediate()
    expect(released).toBe(2)
  })

  test('a transaction that another tenant uses refuses', async () => {
    const { tenancy } = town()
    const db = open('pg', tenancy.pool)
    await tenancy.run('acme', () =>
      db.transaction(async (tx) => {
        const abroad = tenancy.run('globex', () => tx('widgets').insert({ name: 'globex lost' }))
        await expect(abroad).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_MISMATCH' })
        await tx('widgets').insert({ name: 'acme kept' })
      }),
    )
    expect([await town().kept('acme'), await town().kept('globex')]).toEqual([
      ['acme seed', 'acme kept'],
      ['globex seed'],
    ])
  })
})

describeLibrary(knexOnMysql, (town) => {
  test('takes the promise pool for the callback pool beneath it, which scopes, too', async () => {
    const { tenancy } = town()
    const db = open('mysql2', tenancy.pool)
    const ids = Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? 'acme' : 'globex'))
    const rows = await Promise.all(ids.map((id) => tenancy.run(id, () => db('widgets').pluck('name'))))
    expect(rows).toEqual(ids.map((id) => [`${id} seed`]))
  })
})
