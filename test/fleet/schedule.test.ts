import { Queue } from '../../src/fleet/queue'
import { patiently, workOff } from '../../src/fleet/schedule'
import type { Schedule, Tried } from '../../src/fleet/schedule'

/** A run over items whose work ends when the test says so. */
class Rig {
  readonly queue: Queue<string>
  readonly begun: string[] = []
  readonly results: string[] = []
  stopped = false
  width = 2
  readonly abort = new AbortController()
  readonly over: Promise<void>
  readonly #ends = new Map<string, (tried: Tried<string, string>) => void>()

  constructor(items: readonly string[]) {
    this.queue = new Queue(items)
    this.over = this.#run()
  }

  async end(item: string, tried: Tried<string, string> = { outcome: item }): Promise<void> {
    this.#ends.get(item)!(tried)
    await this.settle()
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
    await new Promise((resolve) => setImmediate(resolve))
  }

  async #run(): Promise<void> {
    const schedule: Schedule<string, string> = {
      queue: this.queue,
      width: () => this.width,
      isStopped: () => this.stopped,
      signal: this.abort.signal,
      work: (item) => {
        this.begun.push(item)
        return new Promise((resolve) => this.#ends.set(item, resolve))
      },
    }
    for await (const result of workOff(schedule)) this.results.push(result)
  }
}

describe('working off a queue', () => {
  test('runs as many at a time as may be, and no more', async () => {
    const rig = new Rig(['a', 'b', 'c'])
    await rig.settle()
    expect(rig.begun).toEqual(['a', 'b'])
    await rig.end('b')
    expect(rig.begun).toEqual(['a', 'b', 'c'])
    await rig.end('a')
    await rig.end('c')
    await rig.over
    expect(rig.results).toEqual(['b', 'a', 'c'])
  })

  test('tries again what was put back, and works on others meanwhile', async () => {
    const rig = new Rig(['a', 'b'])
    rig.width = 1
    await rig.settle()
    await rig.end('a', { again: 'a', waitMs: 30 })
    expect(rig.begun).toEqual(['a', 'b'])
    await rig.end('b')
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(rig.begun).toEqual(['a', 'b', 'a'])
    await rig.end('a')
    await rig.over
    expect(rig.results).toEqual(['b', 'a'])
  })

  test('begins nothing once it is stopped, and waits for what runs', async () => {
    const rig = new Rig(['a', 'b', 'c'])
    await rig.settle()
    rig.stopped = true
    await rig.end('a')
    expect(rig.begun).toEqual(['a', 'b'])
    await rig.end('b')
    await rig.over
    expect(rig.results).toEqual(['a', 'b'])
    expect(rig.queue.rest).toEqual(['c'])
  })

  test('a signal ends the wait for the next try', async () => {
    const rig = new Rig(['a'])
    await rig.settle()
    await rig.end('a', { again: 'a', waitMs: 60_000 })
    rig.stopped = true
    rig.abort.abort()
    await rig.over
    expect(rig.queue.rest).toEqual(['a'])
  })
})

describe('patience', () => {
  const refused = Object.assign(new Error('no server'), { code: 'ECONNREFUSED' })

  test('tries again what may pass, as often as said, and nothing else', async () => {
    let tries = 0
    const third = async (): Promise<string> => {
      tries += 1
      if (tries < 3) throw refused
      return 'open'
    }
    expect(await patiently(third, { retries: 2, signal: undefined })).toBe('open')
    tries = 0
    await expect(patiently(third, { retries: 1, signal: undefined })).rejects.toBe(refused)
    const wrong = jest.fn(() => Promise.reject(new Error('wrong password')))
    await expect(patiently(wrong, { retries: 5, signal: undefined })).rejects.toThrow('wrong password')
    expect(wrong).toHaveBeenCalledTimes(1)
  })

  test('ends with the signal', async () => {
    const controller = new AbortController()
    const failing = jest.fn(() => Promise.reject(refused))
    const over = patiently(failing, { retries: 20, signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    await expect(over).rejects.toBe(refused)
    expect(failing.mock.calls.length).toBeLessThan(4)
  })
})
