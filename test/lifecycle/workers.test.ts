import { setTimeout as sleep } from 'node:timers/promises'
import type { MigrationWorker } from '../../src/engine'
import { Workers } from '../../src/lifecycle/workers'

/** Connections that only know whether they are open. */
class Rig {
  readonly opened: { isUsable: boolean; isClosed: boolean }[] = []
  readonly open = async (): Promise<MigrationWorker> => {
    const worker = { isUsable: true, isClosed: false, close: async () => void (worker.isClosed = true) }
    this.opened.push(worker)
    return worker as unknown as MigrationWorker
  }

  get closed(): number {
    return this.opened.filter(({ isClosed }) => isClosed).length
  }
}

describe('connections for DDL', () => {
  test('one is lent again, and two at the same time are two', async () => {
    const rig = new Rig()
    const workers = new Workers(rig.open)
    const first = await workers.lend(async (worker) => worker)
    expect(await workers.lend(async (worker) => worker)).toBe(first)
    await Promise.all([workers.lend(() => sleep(5)), workers.lend(() => sleep(5))])
    expect(rig.opened).toHaveLength(2)
    await workers.close()
    expect(rig.closed).toBe(2)
  })

  test('one that is lent while it is being closed is closed, too', async () => {
    const rig = new Rig()
    const workers = new Workers(rig.open)
    workers.prepare(1)
    const lent = workers.lend(() => sleep(5))
    await workers.close()
    await lent
    expect(rig.closed).toBe(1)
  })

  test('one whose work says that it was ended is not lent again, though its end is not heard of yet', async () => {
    const rig = new Rig()
    const workers = new Workers(rig.open)
    const ended = Object.assign(new Error('terminating connection'), { code: '57P01' })
    for (const error of [
      ended,
      new Error('failed', { cause: ended }),
      new Error('Connection terminated unexpectedly'),
    ]) {
      const count = rig.opened.length
      await expect(workers.lend(() => Promise.reject(error))).rejects.toBe(error)
      await workers.lend(async () => {})
      expect([rig.opened.length, rig.closed]).toEqual([Math.max(count, 1) + 1, count === 0 ? 1 : count])
    }
    await workers.close()
  })

  test('one that is lost, or whose work has failed, is as good as what it is', async () => {
    const rig = new Rig()
    const workers = new Workers(rig.open)
    await expect(workers.lend(() => Promise.reject(new Error('boom')))).rejects.toThrow('boom')
    await workers.lend(async () => void (rig.opened[0]!.isUsable = false))
    await workers.lend(async () => {})
    expect(rig.opened).toHaveLength(2)
    expect(rig.opened[0]!.isClosed).toBe(true)
    await workers.close()
  })

  test('one whose work was ended by the server is not lent again, though it does not know yet', async () => {
    const rig = new Rig()
    const workers = new Workers(rig.open)
    const ended = Object.assign(new Error('terminating connection'), { code: '57P01' })
    await expect(workers.lend(() => Promise.reject(new Error('failed', { cause: ended })))).rejects.toThrow(
      'failed',
    )
    expect(rig.closed).toBe(1)
    await workers.close()
  })

  test('another one takes its place after 500 tenants', async () => {
    const rig = new Rig()
    const workers = new Workers(rig.open)
    for (let chunk = 0; chunk < 10; chunk += 1) await workers.lend(async () => {}, 50)
    expect(rig.closed).toBe(1)
    await workers.lend(async () => {})
    expect(rig.opened).toHaveLength(2)
    await workers.close()
  })

  test('what is idle for long is closed, and what is given back late, too', async () => {
    const rig = new Rig()
    const workers = new Workers(rig.open, { idleMs: 20 })
    await workers.lend(async () => {})
    await sleep(60)
    expect(rig.closed).toBe(1)
    const late = workers.lend(() => sleep(20))
    await sleep(5)
    await workers.close()
    await late
    expect(rig.closed).toBe(2)
  })

  describe('prepared', () => {
    const refusal = (): Promise<never> => Promise.reject(new Error('Too many connections'))

    test('are lent before others are opened, and those that nobody needed are closed', async () => {
      const rig = new Rig()
      const workers = new Workers(rig.open)
      workers.prepare(3)
      await Promise.all([workers.lend(() => sleep(5)), workers.lend(() => sleep(5))])
      expect(rig.opened).toHaveLength(3)
      await workers.close()
      expect(rig.closed).toBe(3)
    })

    test.each([0, 1, 2, 3])('one of them is enough, whichever it is: %i', async (place) => {
      const rig = new Rig()
      let asked = 0
      const workers = new Workers(() => (asked++ === place ? rig.open() : refusal()))
      workers.prepare(4)
      for (let times = 0; times < 3; times += 1) await workers.lend(async () => {})
      expect(asked).toBe(4)
      await workers.close()
      expect(rig.closed).toBe(1)
    })

    test('one that was refused is asked for again when it is needed', async () => {
      const rig = new Rig()
      let asked = 0
      const workers = new Workers(() => (asked++ < 2 ? refusal() : rig.open()))
      workers.prepare(2)
      await sleep(1)
      await workers.lend(async () => {})
      await workers.close()
      expect([asked, rig.closed]).toEqual([3, 1])
    })

    test('where none can be opened the reason is told, after all patience', async () => {
      let tries = 0
      const workers = new Workers(refusal, {
        patience: async (again) => {
          for (;;)
            try {
              return await again()
            } catch (error) {
              tries += 1
              if (tries === 3) throw error
            }
        },
      })
      workers.prepare(2)
      await expect(workers.lend(async () => {})).rejects.toThrow('Too many connections')
      expect(tries).toBe(3)
      await workers.close()
    })

    test('one that has gone meanwhile is not lent', async () => {
      const rig = new Rig()
      const workers = new Workers(rig.open)
      workers.prepare(1)
      rig.opened[0]!.isUsable = false
      expect(await workers.lend(async ({ isUsable }) => isUsable)).toBe(true)
      await workers.close()
      expect(rig.closed).toBe(2)
    })

    test('those that open only when others go keep nobody from closing', async () => {
      const rig = new Rig()
      let goOn = (): void => {}
      const room = new Promise<void>((resolve) => (goOn = resolve))
      let asked = 0
      const workers = new Workers(async () => {
        asked += 1
        if (asked === 1) {
          const worker = await rig.open()
          return Object.assign(worker, { close: async () => goOn() })
        }
        await room
        return rig.open()
      })
      workers.prepare(2)
      await workers.lend(async () => {})
      await workers.close()
      expect(rig.closed).toBe(1)
    })
  })
})
