import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'
import type { Lent } from './support/engine-town'

describe.each(ENGINE_SERVERS)('a client of $name', (server) => {
  let town: EngineTown
  // Two: a client that is kept for itself must not be what the next query waits for.
  beforeEach(async () => {
    town = new EngineTown(server, 'clients', { size: 2 })
    for (const id of ['acme', 'globex']) {
      await town.tenancy.create(id)
      await town.tenancy.run(id, () => town.insert(`${id}-1`))
    }
  })
  afterEach(() => town.close())

  const run = <T>(id: string, work: () => T): T => town.tenancy.run(id, work)

  function withClient<T>(id: string, work: (client: Lent) => Promise<T>): Promise<T> {
    return run(id, async () => {
      const client = await town.lend()
      try {
        return await work(client)
      } finally {
        client.release()
      }
    })
  }

  test("is its tenant's, all of the time that it is lent", async () => {
    const seen = await withClient('acme', async (client) => {
      const first = await town.names(client)
      await run('globex', () => town.insert('globex-2'))
      return [first, await town.names(client)]
    })
    expect(seen).toEqual([['acme-1'], ['acme-1']])
    expect(await town.kept('globex')).toEqual(['globex-1', 'globex-2'])
  })

  test('that is kept after its release refuses, whoever asks, and sends nothing', async () => {
    const client = await run('acme', () => town.lend())
    client.release()
    for (const id of ['acme', 'globex']) {
      await expect((async () => run(id, () => town.insert('late', client)))()).rejects.toMatchObject({
        code: 'ROWHOUSE_CLIENT_RELEASED',
      })
    }
    expect([await town.kept('acme'), await town.kept('globex')]).toEqual([['acme-1'], ['globex-1']])
    expect(await withClient('globex', (next) => town.names(next))).toEqual(['globex-1'])
  })

  test('that is used under another tenant refuses, and works on at home', async () => {
    await withClient('acme', async (client) => {
      const mismatch = { code: 'ROWHOUSE_TENANT_MISMATCH', tenant: 'acme' }
      const abroad = [
        async () => run('globex', () => town.insert('abroad', client)),
        async () => town.tenancy.withoutTenant(() => town.insert('abroad', client)),
      ]
      for (const call of abroad) await expect(call()).rejects.toMatchObject(mismatch)
      expect(await town.names(client)).toEqual(['acme-1'])
    })
    expect([await town.kept('acme'), await town.kept('globex')]).toEqual([['acme-1'], ['globex-1']])
  })

  test('that was lent for a tenant that does not exist says so at its first query', async () => {
    await expect(withClient('nobody', (client) => client.query('select 1'))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
    })
  })

  test.each(['commit', 'rollback'])('ends a transaction by %s', async (end) => {
    await withClient('acme', async (client) => {
      await client.query('begin')
      await town.insert('in between', client)
      expect(await town.names(client)).toEqual(['acme-1', 'in between'])
      expect(await run('acme', () => town.names())).toEqual(['acme-1'])
      await client.query(end)
    })
    expect(await town.kept('acme')).toEqual(end === 'commit' ? ['acme-1', 'in between'] : ['acme-1'])
  })

  test('that is released in a transaction has it rolled back, before anybody else has the connection', async () => {
    await withClient('acme', async (client) => {
      await client.query('begin')
      await town.insert('open', client)
    })
    for (const id of ['acme', 'globex', 'acme', 'globex']) {
      await withClient(id, async (client) => {
        await town.insert(`${id}-2`, client)
        expect(await town.names(client)).not.toContain('open')
      })
    }
    expect(await town.kept('acme')).toEqual(['acme-1', 'acme-2', 'acme-2'])
    expect(await town.kept('globex')).toEqual(['globex-1', 'globex-2', 'globex-2'])
  })

  test('whose query failed works on', async () => {
    await withClient('acme', async (client) => {
      await expect(client.query('select * from nowhere')).rejects.toThrow()
      expect(await town.names(client)).toEqual(['acme-1'])
    })
  })
})
