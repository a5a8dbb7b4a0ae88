import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'
import { Relay } from './support/relay'

const REQUIRED = { code: 'ROWHOUSE_TENANT_REQUIRED' }
const DEFAULT_PORT = { postgres: 5432, mysql: 3306 }

describe.each(ENGINE_SERVERS)('queries on $name', (server) => {
  let town: EngineTown
  let relay: Relay

  beforeAll(async () => {
    relay = await Relay.to(server.appUrl, DEFAULT_PORT[server.engine])
    town = new EngineTown(server, 'scoping', { appUrl: relay.url, size: 1 })
    for (const id of ['acme', 'globex']) {
      await town.tenancy.create(id)
      await town.tenancy.run(id, () => town.insert(`${id}-1`))
    }
  })
  afterAll(async () => {
    await town.close()
    await relay.close()
  })

  const run = <T>(id: string, work: () => T): T => town.tenancy.run(id, work)

  test('without a tenant nothing is sent', async () => {
    const { pool } = town.tenancy
    await run('acme', () => pool.query('select 1 as who_is_acme'))
    await expect((async () => pool.query('select 1 as who_is_nobody'))()).rejects.toMatchObject(REQUIRED)
    await expect((async () => town.insert('nobody'))()).rejects.toMatchObject(REQUIRED)
    await expect((async () => town.lend())()).rejects.toMatchObject(REQUIRED)
    // On the one connection there is: what had been sent before would be in front of it.
    await run('acme', () => pool.query('select 1 as still_acme'))
    for (const [text, isThere] of [
      ['who_is_acme', true],
      ['still_acme', true],
      ['nobody', false],
    ] as const)
      expect([text, relay.sent.includes(text)]).toEqual([text, isThere])
  })

  test('a tenant that does not exist is not found, reads and writes nothing, and hinders nobody', async () => {
    const missing = { code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'nobody' }
    await expect(run('nobody', () => town.names())).rejects.toMatchObject(missing)
    await expect(run('nobody', () => town.insert('lost'))).rejects.toMatchObject(missing)
    await expect(
      run('nobody', async () => {
        const client = await town.lend()
        try {
          return await town.names(client)
        } finally {
          client.release()
        }
      }),
    ).rejects.toMatchObject(missing)
    expect(await run('acme', () => town.names())).toEqual(['acme-1'])
    expect([await town.kept('acme'), await town.kept('globex')]).toEqual([['acme-1'], ['globex-1']])
  })

  test('a tenant within a tenant has its own rows, and the outer one is back behind it', async () => {
    const seen = await run('acme', async () => {
      const before = await town.names()
      const inside = await run('globex', () => town.names())
      return [before, inside, await town.names(), town.tenancy.require().id]
    })
    expect(seen).toEqual([['acme-1'], ['globex-1'], ['acme-1'], 'acme'])
    expect(town.tenancy.current()).toBeUndefined()
  })

  test('withoutTenant reaches no tenant, also within one', async () => {
    const outside = await run('acme', () =>
      town.tenancy.withoutTenant(async () => {
        await town.tenancy.pool.query('select 1')
        const tables = await town.names().then(
          () => 'a tenant',
          () => 'none',
        )
        return [town.tenancy.current(), tables]
      }),
    )
    expect(outside).toEqual([undefined, 'none'])
    expect(await run('acme', () => town.names())).toEqual(['acme-1'])
  })

  test.each([
    ...["a'b", 'a"b', 'a`b', 'a;drop schema public', '..', 'a/b', 'A', 'a b', 'a\0', 'аcme', '', 'public'],
    ...['information_schema', 'mysql', 'pg_temp', 'x'.repeat(65), '-', -1, 1.5, null, {}],
  ])('the id %j is refused before anything is sent', async (id) => {
    const before = relay.sent.length
    const refused = { code: expect.stringMatching(/^ROWHOUSE_(TENANT_ID|SCHEMA_NAME)_/) }
    const { tenancy } = town
    for (const call of [
      async () => tenancy.run(id as string, () => town.names()),
      async () => tenancy.create(id as string),
      async () => tenancy.drop(id as string),
      async () => tenancy.exists(id as string),
    ])
      await expect(call()).rejects.toMatchObject(refused)
    expect(relay.sent).toHaveLength(before)
  })
})

describe.each(ENGINE_SERVERS)('two tenants over three connections of $name', (server) => {
  let town: EngineTown
  beforeAll(async () => {
    town = new EngineTown(server, 'mixed')
    for (const id of ['acme', 'globex']) await town.tenancy.create(id)
  })
  afterAll(() => town.close())

  /** In turn: a read, a write, a transaction that is kept, and one that is not. Answers the names that it saw. */
  async function visit(id: string, index: number): Promise<string[]> {
    const name = `${id}-${index}`
    if (index % 4 === 0) return town.names()
    if (index % 4 === 1) {
      await town.insert(name)
      return town.names()
    }
    const client = await town.lend()
    try {
      await client.query('begin')
      await town.insert(name, client)
      const seen = await town.names(client)
      await client.query(index % 4 === 2 ? 'commit' : 'rollback')
      return seen
    } finally {
      client.release()
    }
  }

  test('never mix in 200 reads, writes and transactions at once, and each kept write is there', async () => {
    const visits = Array.from({ length: 200 }, (_, index) => ({
      id: index % 8 < 4 ? 'acme' : 'globex',
      index,
    }))
    const seen = await Promise.all(
      visits.map(({ id, index }) => town.tenancy.run(id, () => visit(id, index))),
    )
    seen.forEach((names, index) => {
      const { id } = visits[index]!
      expect(names.filter((name) => !name.startsWith(`${id}-`))).toEqual([])
      if (index % 4 !== 0) expect(names).toContain(`${id}-${index}`)
    })
    for (const tenant of ['acme', 'globex']) {
      const written = visits.filter(({ id, index }) => id === tenant && [1, 2].includes(index % 4))
      expect((await town.kept(tenant)).sort()).toEqual(
        written.map(({ index }) => `${tenant}-${index}`).sort(),
      )
    }
  })
})
