import { setTimeout as sleep } from 'node:timers/promises'
import { isTransient, waitBefore } from '../migrations/transient'
import type { Queue } from './queue'

/** Does work again and again, as long as what keeps it from being done may pass, with longer and longer waits. */
export async function patiently<T>(
  work: () => Promise<T>,
  { retries, signal }: { readonly retries: number; readonly signal: AbortSignal | undefined },
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (tries > retries || !isTransient(error) || signal?.aborted === true) throw error
      await sleep(waitBefore(tries), undefined, { signal }).catch(() => {})
    }
  }
}

/** What became of an item: a result, or another try later. */
export type Tried<Item, Result> =
  { readonly outcome: Result } | { readonly again: Item; readonly waitMs: number }

/** How a queue is worked off. */
export interface Schedule<Item, Result> {
  readonly queue: Queue<Item>
  /** Never rejects. */
  readonly work: (item: Item) => Promise<Tried<Item, Result>>
  /** How many at a time, now. */
  readonly width: () => number
  /** Nothing further is begun; what runs is waited for. */
  readonly isStopped: () => boolean
  readonly signal: AbortSignal | undefined
}

/** Works off a queue, some items at a time, and yields results as they come. Whoever leaves the loop waits for what runs. */
export async function* workOff<Item, Result>(schedule: Schedule<Item, Result>): AsyncGenerator<Result> {
  const { queue, work, width, isStopped } = schedule
  const running = new Set<Promise<Result | undefined>>()
  const begin = (item: Item): void => {
    const promise = work(item).then((tried) => {
      running.delete(promise)
      if ('outcome' in tried) return tried.outcome
      queue.putBack(tried.again, Date.now() + tried.waitMs)
      return undefined
    })
    running.add(promise)
  }
  try {
    for (;;) {
      while (running.size < width() && !isStopped()) {
        const item = queue.take(Date.now())
        if (item === undefined) break
        begin(item)
      }
      if (running.size === 0 && (isStopped() || queue.isEmpty)) return
      const hasRoom = running.size < width() && !isStopped()
      const result = await firstOf(running, hasRoom ? queue.nextAt : undefined, schedule.signal)
      if (result !== undefined) yield result
    }
  } finally {
    await Promise.allSettled(running)
  }
}

/** The first that ends; undefined when it has no result, the moment has come, or the signal was given. */
async function firstOf<Result>(
  running: ReadonlySet<Promise<Result | undefined>>,
  moment: number | undefined,
  signal: AbortSignal | undefined,
): Promise<Result | undefined> {
  if (moment === undefined) return Promise.race(running)
  const over = new AbortController()
  const wait = sleep(Math.max(0, moment - Date.now()), undefined, { signal: over.signal }).catch(
    () => undefined,
  )
  const aborted = new Promise<undefined>((resolve) => {
    signal?.addEventListener('abort', () => resolve(undefined), { once: true, signal: over.signal })
  })
  try {
    return await Promise.race([...running, wait, aborted])
  } finally {
    over.abort()
  }
}
