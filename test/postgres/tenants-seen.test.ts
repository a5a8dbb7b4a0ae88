import { SERVERS } from '../support/servers'
import { context, Houses, pidOf } from './support/houses'

describe.each(SERVERS)('how many tenants a connection meets, on $name', (server) => {
  const houses = new Houses(server, `seen ${server.version}`)
  beforeAll(() => houses.build(['a', 'b', 'c']))
  afterAll(() => houses.clear())

  /** Pids of the backends that these tenants meet one after another. */
  async function pidsOf(pool: ReturnType<Houses['pool']>, ids: string): Promise<number[]> {
    const pids: number[] = []
    for (const id of ids) pids.push(await houses.in(id, () => pidOf(pool)))
    return pids
  }

  test('one that has met as many as it may is replaced at its release', async () => {
    const pool = houses.pool({ maxTenantsPerConnection: 2 })
    const [first, again, second, third] = await pidsOf(pool, 'aabc')
    expect([again, second]).toEqual([first, first])
    expect(third).not.toBe(first)
    expect(pool.totalCount).toBe(1)
  })

  test('the same tenants again and again wear nothing out, nor does work without a tenant', async () => {
    const pool = houses.pool({ maxTenantsPerConnection: 3 })
    const pids = await pidsOf(pool, 'abababab')
    for (let round = 0; round < 5; round += 1) pids.push(await context.withoutTenant(() => pidOf(pool)))
    expect(new Set(pids).size).toBe(1)
  })

  test('a client on loan keeps its connection until its release, which tells of no error', async () => {
    const pool = houses.pool({ maxTenantsPerConnection: 1 })
    const releases: unknown[] = []
    pool.on('release', (error) => releases.push(error))
    const client = await houses.in('a', () => pool.connect())
    const pid = await pidOf(client)
    expect(await pidOf(client)).toBe(pid)
    client.release()
    expect((await pidsOf(pool, 'a'))[0]).not.toBe(pid)
    expect(releases).toEqual([undefined, undefined])
  })

  test.each([0, -1, 1.5, NaN, '5'])('%s is no such number', (maxTenantsPerConnection) => {
    expect(() => houses.pool({ maxTenantsPerConnection: maxTenantsPerConnection as number })).toThrow(
      'The option `maxTenantsPerConnection` must be a whole number from 1, or Infinity.',
    )
  })
})
