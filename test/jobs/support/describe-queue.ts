import { setTimeout as sleep } from 'node:timers/promises'
import { EngineTown } from '../../engines/support/engine-town'
import { ENGINE_SERVERS } from '../../support/engines'

/** What the jobs of these tests carry. */
export interface Errand {
  readonly tenant?: string
  /** Of the widget to write. */
  readonly name: string
}

/** Does one job, or fails. */
export type Handle = (errand: Errand) => Promise<void>

/** A queue that runs. */
export interface RunningQueue {
  /** Puts a job into it, for one attempt. */
  add(errand: Errand): Promise<unknown>
  /**
   * Starts a worker where this is called.
   *
   * @param isWrapped - by wrapJob, or as somebody would write it who knows nothing of tenants
   * @param onFailure - gets what the worker's function rejects with
   */
  work(handle: Handle, isWrapped: boolean, onFailure: (error: unknown) => void): Promise<unknown>
  close(): Promise<void>
}

/** Opens a queue of its own beside a town. */
export type OpenQueue = (town: EngineTown, title: string) => Promise<RunningQueue>

const postgresServer = ENGINE_SERVERS[0]!

/** Lets a worker's function tell its failures, too. */
export function telling<Args extends unknown[], Result>(
  work: (...args: Args) => Promise<Result>,
  onFailure: (error: unknown) => void,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    try {
      return await work(...args)
    } catch (error) {
      onFailure(error)
      throw error
    }
  }
}

async function until(isDone: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!isDone() && Date.now() < deadline) await sleep(10)
  expect(isDone()).toBe(true)
}

/**
 * What a queue promises with wrapJob, and what happens without.
 *
 * @param tells - whether the queue is told of each job's failure, or of one for a batch
 */
export function describeQueue(queueName: string, open: OpenQueue, tells: 'each' | 'batch' = 'each'): void {
  describe(`${queueName} on ${postgresServer.name}`, () => {
    let town: EngineTown
    let queue: RunningQueue
    const failures: { code?: string }[] = []
    const seen: { readonly tenant: string | undefined; readonly names: readonly string[] }[] = []

    /** Writes, lets others go on, and reads, without a word of a tenant. */
    const handle: Handle = async ({ tenant, name }) => {
      await town.insert(name)
      await sleep(Math.random() * 5)
      seen.push({ tenant, names: await town.names() })
    }
    const start = (isWrapped: boolean) =>
      queue.work(handle, isWrapped, (error) => failures.push(error as { code?: string }))
    const add = (tenant: string, name: string) =>
      town.tenancy.run(tenant, () => queue.add(town.tenancy.jobData({ name })))

    beforeEach(async () => {
      const title = expect.getState().currentTestName!
      town = new EngineTown(postgresServer, title)
      await Promise.all(['acme', 'globex'].map((id) => town.tenancy.create(id)))
      queue = await open(town, title)
    })
    afterEach(async () => {
      await queue.close()
      await town.close()
      for (const list of [failures, seen]) list.splice(0)
    })

    test('40 jobs of two tenants read and write what is theirs, by a worker that was started in a tenant', async () => {
      await town.tenancy.run('acme', () => start(true))
      const all = Array.from({ length: 40 }, (_, i) => ({
        tenant: i % 2 ? 'acme' : 'globex',
        name: `${i % 2 ? 'acme' : 'globex'}-${i}`,
      }))
      await Promise.all(all.map(({ tenant, name }) => add(tenant, name)))
      await until(() => seen.length + failures.length >= 40)
      expect(failures).toEqual([])
      for (const { tenant, names } of seen)
        expect(names.filter((name) => !name.startsWith(`${tenant}-`))).toEqual([])
      for (const id of ['acme', 'globex'])
        expect((await town.kept(id)).sort()).toEqual(
          all
            .filter(({ tenant }) => tenant === id)
            .map(({ name }) => name)
            .sort(),
        )
    })

    test("without wrapJob, a worker that was started in a tenant writes another's job into it", async () => {
      await town.tenancy.run('acme', () => start(false))
      await add('globex', 'globex-1')
      await until(() => seen.length > 0)
      expect([await town.kept('acme'), await town.kept('globex')]).toEqual([['globex-1'], []])
    })

    test('without wrapJob, a worker that was started outside is refused', async () => {
      await town.tenancy.outside(() => start(false))
      await add('globex', 'globex-1')
      await until(() => failures.length > 0)
      expect(failures[0]).toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
      expect([await town.kept('acme'), await town.kept('globex')]).toEqual([[], []])
    })

    test('a job without tenant, of one that is dropped and of one that is suspended is refused, and the worker goes on', async () => {
      await town.tenancy.create('gone')
      await add('gone', 'gone-1')
      await town.tenancy.drop('gone')
      await add('globex', 'globex-1')
      await town.tenancy.suspend('globex')
      await queue.add({ name: 'nobody-1' })
      await add('acme', 'acme-1')
      await town.tenancy.run('acme', () => start(true))
      await until(
        () => seen.length === 1 && (tells === 'batch' ? failures.length > 0 : failures.length === 3),
      )
      if (tells === 'each')
        expect(failures.map(({ code }) => code).sort()).toEqual([
          'ROWHOUSE_TENANT_NOT_FOUND',
          'ROWHOUSE_TENANT_REQUIRED',
          'ROWHOUSE_TENANT_SUSPENDED',
        ])
      expect([await town.kept('acme'), await town.kept('globex')]).toEqual([['acme-1'], []])
    })
  })
}
