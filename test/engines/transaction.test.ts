import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

const OVER = { code: 'ROWHOUSE_CLIENT_RELEASED' }
const LOST = { code: 'ROWHOUSE_TRANSACTION' }

describe.each(ENGINE_SERVERS)('tenancy.transaction on $name', (server) => {
  let town: EngineTown
  beforeAll(async () => {
    town = new EngineTown(server, 'transaction', { size: 2 })
    await town.tenancy.create('acme')
    await town.tenancy.create('globex')
  })
  afterAll(() => town.close())
  afterEach(async () => {
    for (const id of ['acme', 'globex']) await town.asOwner('delete from widgets', id)
  })

  const acme = <T>(work: () => Promise<T>, options?: object): Promise<T> =>
    town.tenancy.run('acme', () => town.tenancy.transaction(work, options))
  const kept = (id = 'acme'): Promise<string[]> => town.kept(id)

  test('commits all of it, and answers what the work does', async () => {
    const answer = await acme(async () => {
      await town.insert('a')
      expect(await kept()).toEqual([])
      await town.insert('b')
      return town.names()
    })
    expect(answer).toEqual(['a', 'b'])
    expect(await kept()).toEqual(['a', 'b'])
  })

  test('takes back all of it where the work throws, whatever it throws', async () => {
    const thrown = Object.assign(new Error('no'), { own: true })
    const failing = acme(async () => {
      await town.insert('a')
      throw thrown
    })
    await expect(failing).rejects.toBe(thrown)
    const statement = acme(async () => {
      await town.insert('a')
      await town.tenancy.pool.query('select * from missing')
    })
    await expect(statement).rejects.toMatchObject({ message: expect.stringContaining('missing') })
    expect(await kept()).toEqual([])
    expect(await town.namesOf('acme')).toEqual([])
  })

  test('joins a client that is checked out inside, which the pool keeps', async () => {
    await acme(async () => {
      const client = await town.lend()
      await town.insert('client', client)
      client.release()
      await expect(town.insert('late', client)).rejects.toMatchObject(OVER)
      expect(await town.names()).toEqual(['client'])
      expect(await kept()).toEqual([])
    })
    expect(await kept()).toEqual(['client'])
  })

  test("takes a client's own transaction for a savepoint", async () => {
    await acme(async () => {
      await town.insert('before')
      const client = await town.lend()
      await client.query('BEGIN')
      await town.insert('undone', client)
      await client.query('ROLLBACK;')
      await client.query('start transaction')
      await town.insert('done', client)
      await client.query('commit')
      client.release()
      const forgetful = await town.lend()
      await forgetful.query('begin')
      await town.insert('forgotten', forgetful)
      forgetful.release()
    })
    expect(await kept()).toEqual(['before', 'done'])
  })

  test('is a savepoint inside itself', async () => {
    await acme(async () => {
      await town.insert('outer')
      const inner = town.tenancy.transaction(async () => {
        await town.insert('inner')
        await town.tenancy.transaction(() => town.insert('innermost'))
        throw new Error('inner')
      })
      await expect(inner).rejects.toThrow('inner')
      await town.tenancy.transaction(() => town.insert('second'))
    })
    expect(await kept()).toEqual(['outer', 'second'])
  })

  test('a failed statement inside leaves the outer one whole, where the inner one is let go', async () => {
    await acme(async () => {
      await town.insert('outer')
      const inner = town.tenancy.transaction(async () => {
        await town.insert('inner')
        await town.tenancy.pool.query('select * from missing')
      })
      await expect(inner).rejects.toThrow('missing')
      await town.insert('after')
    })
    expect(await kept()).toEqual(['outer', 'after'])
  })

  test('those beside each other inside come one after another', async () => {
    const one = async (name: string): Promise<void> =>
      town.tenancy.transaction(async () => {
        await town.insert(`${name} 1`)
        await new Promise((resolve) => setTimeout(resolve, 20))
        await town.insert(`${name} 2`)
        if (name === 'b') throw new Error('b')
      })
    const own = async (name: string): Promise<void> => {
      const client = await town.lend()
      await client.query('begin')
      await town.insert(`${name} 1`, client)
      await new Promise((resolve) => setTimeout(resolve, 20))
      await town.insert(`${name} 2`, client)
      await client.query(name === 'd' ? 'rollback' : 'commit')
      client.release()
    }
    await acme(async () => {
      const all = await Promise.allSettled([one('a'), one('b'), own('c'), own('d'), one('e')])
      expect(all.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
        'fulfilled',
      ])
    })
    expect((await kept()).sort()).toEqual(['a 1', 'a 2', 'c 1', 'c 2', 'e 1', 'e 2'])
  })

  test('needs a tenant, and refuses what another tenant runs inside', async () => {
    await expect(town.tenancy.transaction(() => town.insert('nobody'))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_REQUIRED',
    })
    const other = acme(async () => {
      await town.insert('a')
      return town.tenancy.run('globex', () => town.insert('globex'))
    })
    await expect(other).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_MISMATCH', tenant: 'acme' })
    expect([await kept(), await kept('globex')]).toEqual([[], []])
  })

  test('the same tenant goes on in it, and what says that it has none does not', async () => {
    await acme(async () => {
      await town.tenancy.run('acme', () => town.insert('again'))
      await town.tenancy.withoutTenant(() => town.tenancy.pool.query('select 1'))
      expect(await kept()).toEqual([])
    })
    expect(await kept()).toEqual(['again'])
  })

  test('is not joined by its neighbours, whose connections are others', async () => {
    let isIn = (): void => {}
    const inside = new Promise<void>((resolve) => (isIn = resolve))
    const failing = acme(async () => {
      await town.insert('a')
      isIn()
      await new Promise((resolve) => setTimeout(resolve, 50))
      throw new Error('a')
    })
    await inside
    await town.tenancy.run('acme', () => town.insert('beside'))
    await town.tenancy.run('globex', () => town.insert('other'))
    await expect(failing).rejects.toThrow('a')
    expect([await kept(), await kept('globex')]).toEqual([['beside'], ['other']])
  })

  test('what was not awaited is refused once it is over, and writes nothing', async () => {
    let late: Promise<void> | undefined
    let lateTransaction: Promise<void> | undefined
    let client: Awaited<ReturnType<EngineTown['lend']>> | undefined
    let go = (): void => {}
    const over = new Promise<void>((resolve) => (go = resolve))
    await acme(async () => {
      client = await town.lend()
      late = over.then(() => town.insert('late'))
      lateTransaction = over.then(() => town.tenancy.transaction(() => town.insert('late')))
      await town.insert('a')
    })
    go()
    await expect(late).rejects.toMatchObject(OVER)
    await expect(lateTransaction).rejects.toMatchObject(OVER)
    await expect(town.tenancy.run('acme', () => town.insert('late', client))).rejects.toMatchObject(OVER)
    expect(await kept()).toEqual(['a'])
  })

  test('queries that were only begun in it are in it', async () => {
    let pending: Promise<void>[] = []
    await acme(async () => {
      pending = ['a', 'b', 'c'].map((name) => town.insert(name))
    })
    await Promise.all(pending)
    expect((await kept()).sort()).toEqual(['a', 'b', 'c'])
  })

  test.each(['commit', 'begin', 'rollback', 'start transaction read only'])(
    'a pool does not end or begin one in it: %s',
    async (text) => {
      const refused = acme(async () => {
        await town.insert('a')
        await town.tenancy.pool.query(text)
      })
      await expect(refused).rejects.toMatchObject(LOST)
      expect(await kept()).toEqual([])
    },
  )

  test('options are refused inside, and nonsense everywhere', async () => {
    const inner = acme(() => town.tenancy.transaction(async () => {}, { readOnly: true }))
    await expect(inner).rejects.toMatchObject({ code: 'ROWHOUSE_CONFIG' })
    await expect(acme(async () => {}, { isolationLevel: 'x; drop table widgets' })).rejects.toMatchObject({
      code: 'ROWHOUSE_CONFIG',
    })
  })

  test('can be read only, or serializable', async () => {
    await expect(acme(() => town.insert('a'), { readOnly: true })).rejects.toThrow(/read.only/i)
    const sql =
      server.engine === 'postgres'
        ? "select current_setting('transaction_isolation') as name"
        : "select 'serializable' as name"
    const name = await acme(async () => town.tenancy.pool.query(sql), { isolationLevel: 'serializable' })
    expect(JSON.stringify(name)).toContain('serializable')
    expect(await kept()).toEqual([])
  })

  test('gives its connection back, in the end and after each failure', async () => {
    for (let round = 0; round < 5; round++) {
      await acme(() => town.insert(`a${round}`))
      await expect(acme(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
      await expect(
        town.tenancy.run('nobody', () => town.tenancy.transaction(async () => {})),
      ).rejects.toThrow()
    }
    await Promise.all([1, 2, 3, 4].map(() => town.namesOf('acme')))
    expect(await kept()).toHaveLength(5)
  })

  test('holds one connection, so that a pool of two serves many calls inside', async () => {
    await Promise.all(
      ['acme', 'globex', 'acme', 'globex'].map((id, at) =>
        town.tenancy.run(id, () =>
          town.tenancy.transaction(async () => {
            await Promise.all(Array.from({ length: 5 }, (_, n) => town.insert(`${id} ${at} ${n}`)))
          }),
        ),
      ),
    )
    for (const id of ['acme', 'globex']) {
      const names = await kept(id)
      expect(names).toHaveLength(10)
      expect(names.every((name) => name.startsWith(id))).toBe(true)
    }
  })
})
