import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

const OVER = { code: 'ROWHOUSE_CLIENT_RELEASED' }
const LOST = { code: 'ROWHOUSE_TRANSACTION', tenant: 'acme' }
type Lent = Awaited<ReturnType<EngineTown['lend']>>

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe.each(ENGINE_SERVERS)('what is left at the end of a transaction on $name', (server) => {
  let town: EngineTown
  beforeAll(async () => {
    // One connection, which the next tenant has at once.
    town = new EngineTown(server, 'transaction ends', { size: 1 })
    await town.tenancy.create('acme')
    await town.tenancy.create('globex')
  })
  afterAll(() => town.close())
  afterEach(async () => {
    for (const id of ['acme', 'globex']) await town.asOwner('delete from widgets', id)
  })

  const within = <T>(id: string, work: () => Promise<T>): Promise<T> =>
    town.tenancy.run(id, () => town.tenancy.transaction(work))
  /** Fails with a client that has begun. */
  const leaveBegun = async (also: (client: Lent) => void = () => {}): Promise<Lent> => {
    let client: Lent | undefined
    const failing = within('acme', async () => {
      client = await town.lend()
      await client.query('begin')
      await town.insert('a', client)
      also(await town.lend())
      throw new Error('early')
    })
    await expect(failing).rejects.toThrow('early')
    return client!
  }

  test("a client that is released late takes back nothing of the next tenant's", async () => {
    const client = await leaveBegun()
    await within('globex', async () => {
      await town.insert('outer')
      // A savepoint of the name that the client's had.
      await town.tenancy.transaction(async () => {
        await town.insert('inner')
        client.release()
        await sleep(20)
      })
    })
    expect([await town.kept('acme'), await town.kept('globex')]).toEqual([[], ['outer', 'inner']])
  })

  test('a client that is released late does not abort what has no such savepoint', async () => {
    const client = await leaveBegun()
    await within('globex', async () => {
      await town.insert('before')
      client.release()
      await sleep(20)
      await town.insert('after')
    })
    expect([await town.kept('acme'), await town.kept('globex')]).toEqual([[], ['before', 'after']])
  })

  test('what waited for its turn longer than the transaction lasted is refused, and not sent for the next tenant', async () => {
    let waiting: Promise<PromiseSettledResult<unknown>[]> | undefined
    const client = await leaveBegun((second) => {
      waiting = Promise.allSettled([second.query('begin'), town.insert('late', second)])
    })
    await within('globex', async () => {
      await town.insert('before')
      client.release()
      await sleep(20)
      await town.insert('after')
    })
    const refused = { status: 'rejected', reason: expect.objectContaining(OVER) }
    expect(await waiting).toEqual([refused, refused])
    expect([await town.kept('acme'), await town.kept('globex')]).toEqual([[], ['before', 'after']])
  })

  test('one inside that was not awaited is not kept by halves', async () => {
    let inner: Promise<void> | undefined
    const outer = within('acme', async () => {
      await town.insert('outer')
      inner = town.tenancy.transaction(async () => {
        await town.insert('inner')
        await sleep(60)
        throw new Error('inner')
      })
      inner.catch(() => {})
      await sleep(30)
    })
    await expect(outer).rejects.toMatchObject(LOST)
    await expect(inner).rejects.toThrow('inner')
    expect(await town.kept('acme')).toEqual([])
  })

  test('nor is one in a savepoint, whose outer one goes on', async () => {
    await within('acme', async () => {
      await town.insert('outer')
      const middle = town.tenancy.transaction(async () => {
        await town.insert('middle')
        void town.tenancy
          .transaction(async () => {
            await town.insert('inner')
            await sleep(60)
          })
          .catch(() => {})
        await sleep(30)
      })
      await expect(middle).rejects.toMatchObject(LOST)
      await sleep(60)
      await town.insert('after')
    })
    expect(await town.kept('acme')).toEqual(['outer', 'after'])
  })

  test('what a client gives at once while it waits is done as it was given', async () => {
    await within('acme', async () => {
      const [first, second] = [await town.lend(), await town.lend()]
      await first.query('begin')
      const all = ['kept', 'undone', 'kept too'].flatMap((name) => [
        second.query('begin'),
        town.insert(name, second),
        second.query(name === 'undone' ? 'rollback' : 'commit'),
      ])
      await town.insert('first', first)
      await first.query('commit')
      await Promise.all(all)
      for (const client of [first, second]) client.release()
    })
    expect(await town.kept('acme')).toEqual(['first', 'kept', 'kept too'])
  })

  test('what a client has begun and never committed is not committed for it', async () => {
    let client: Lent | undefined
    const unended = within('acme', async () => {
      client = await town.lend()
      await client.query('begin')
      await town.insert('uncommitted', client)
    })
    await expect(unended).rejects.toMatchObject(LOST)
    client!.release()
    expect(await town.kept('acme')).toEqual([])
  })
})
