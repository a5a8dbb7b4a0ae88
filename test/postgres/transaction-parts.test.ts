import { Client } from 'pg'
import type { Pool, PoolClient } from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { postgres } from '../../src/postgres/postgres'
import type { PostgresOptions } from '../../src/postgres/postgres'
import { createTenancy } from '../../src/tenancy'
import { MigrationFolder, WIDGETS } from '../support/migrations'
import { dropPrefix, SERVERS, uniquePrefix } from '../support/servers'

const LOST = { code: 'ROWHOUSE_TRANSACTION', tenant: 'acme' }
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe.each(SERVERS)('the end of a part of a transaction on $name', (server) => {
  const prefix = uniquePrefix(`transaction parts ${server.name}`)
  const folder = new MigrationFolder(WIDGETS)
  const open = (options: PostgresOptions = {}) =>
    createTenancy({
      engine: postgres({
        ...{ connectionString: server.appUrl, migrationUrl: server.ownerUrl, max: 2 },
        ...options,
      }),
      prefix,
      migrations: folder.path,
    })
  type Town = ReturnType<typeof open>
  let owner: Client
  let patient: Town
  let impatient: Town
  beforeAll(async () => {
    owner = new Client({ connectionString: server.ownerUrl })
    await owner.connect()
    patient = open()
    impatient = open({ query_timeout: 200 })
    await patient.create('acme')
  })
  afterAll(async () => {
    await patient.close()
    await impatient.close()
    await owner.end()
    folder.remove()
    await dropPrefix(server, prefix)
  })
  afterEach(() => owner.query(`delete from ${prefix}acme.widgets`))

  const insert = (name: string, on: Pick<Pool | PoolClient, 'query'>): Promise<unknown> =>
    on.query('insert into widgets (name) values ($1)', [name])
  const acme = <T>(town: Town, work: () => Promise<T>): Promise<T> =>
    town.run('acme', () => town.transaction(work))
  const kept = async (): Promise<unknown[]> =>
    (await owner.query(`select name from ${prefix}acme.widgets order by id`)).rows.map(({ name }) => name)

  // pg takes what has timed out out of its queue: the ROLLBACK TO is never sent, while what it was to take back has been done.
  describe('where its ROLLBACK has timed out, nothing is committed', () => {
    const slowly = 'select pg_sleep(0.6)'

    test('of a transaction inside', async () => {
      const { pool } = impatient
      const timedOut = acme(impatient, async () => {
        await insert('outer', pool)
        const inner = impatient.transaction(async () => {
          await insert('inner', pool)
          await pool.query(slowly)
        })
        await expect(inner).rejects.toThrow('timeout')
        await sleep(300)
      })
      await expect(timedOut).rejects.toMatchObject(LOST)
      expect(await kept()).toEqual([])
      expect(pool.totalCount - pool.idleCount).toBe(0)
    })

    const begun = async (client: PoolClient): Promise<void> => {
      await client.query('begin')
      await insert('inner', client)
      await expect(client.query(slowly)).rejects.toThrow('timeout')
    }

    test.each(['rollback', 'commit'])("of a client's own, which %s has ended", async (ending) => {
      const { pool } = impatient
      const timedOut = acme(impatient, async () => {
        const client = await pool.connect()
        await begun(client)
        await expect(client.query(ending)).rejects.toThrow('timeout')
        client.release()
        await sleep(300)
      })
      await expect(timedOut).rejects.toMatchObject(LOST)
      expect(await kept()).toEqual([])
    })

    test('of a client that was only released', async () => {
      const { pool } = impatient
      const timedOut = acme(impatient, async () => {
        const client = await pool.connect()
        await begun(client)
        client.release()
      })
      await expect(timedOut).rejects.toMatchObject(LOST)
      expect(await kept()).toEqual([])
    })
  })

  describe.each([
    ['cursor', () => new Cursor('select generate_series(1, 300)')],
    ['stream', () => new QueryStream('select generate_series(1, 300)', [], { highWaterMark: 1 })],
  ])('a %s that was left half read in it keeps nobody waiting', (_what, make) => {
    const readOne = async (): Promise<void> => {
      const client = await patient.pool.connect()
      const query = client.query(make() as Cursor)
      if (query instanceof Cursor) await query.read(1)
      else await new Promise((resolve) => (query as QueryStream).once('readable', resolve))
    }

    test('where it is kept', async () => {
      await acme(patient, async () => {
        await patient.transaction(async () => {
          await insert('inner', patient.pool)
          await readOne()
        })
        await insert('after', patient.pool)
      })
      expect(await kept()).toEqual(['inner', 'after'])
    })

    test('where it is taken back', async () => {
      await acme(patient, async () => {
        const inner = patient.transaction(async () => {
          await insert('inner', patient.pool)
          await readOne()
          throw new Error('undone')
        })
        await expect(inner).rejects.toThrow('undone')
        await insert('after', patient.pool)
      })
      expect(await kept()).toEqual(['after'])
    })
  })
})
