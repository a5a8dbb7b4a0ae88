import type { ReadTenant } from '../fleet-reader'
import { TenantWorkError } from '../run-errors'
import { readThrown } from '../thrown'

/** Options of `forEachTenant`. */
export interface ForEachOptions {
  /** How many tenants at a time. Default 4. */
  readonly concurrency?: number | undefined
  /** `stop`: the first error ends the run and is thrown. `continue`: errors are reported. Default `stop`. */
  readonly onError?: 'stop' | 'continue' | undefined
  /** Aborted: no more tenants are begun, and the report tells how many were not. */
  readonly signal?: AbortSignal | undefined
}

/** A tenant for which the work failed. */
export interface TenantFailure {
  readonly tenant: string
  readonly error: unknown
}

/** What became of a run over many tenants. */
export interface ForEachReport {
  /** How many went well. */
  readonly ok: number
  readonly failed: readonly TenantFailure[]
  /** How many were not begun because the signal was aborted. */
  readonly notRun: number
}

/**
 * Calls `work` for tenants, some at a time.
 *
 * @param names - whom; drawn one by one, so that a fleet need not fit into memory
 * @throws TenantWorkError for the first error, once what ran beside it has ended; not with `onError: 'continue'`
 */
export async function forEachTenant(
  names: AsyncIterable<ReadTenant>,
  work: (tenant: ReadTenant) => unknown,
  { concurrency = 4, onError = 'stop', signal }: ForEachOptions = {},
): Promise<ForEachReport> {
  const source = new OneByOne(names)
  const failed: TenantFailure[] = []
  let [ok, isStopped] = [0, false]
  const isOver = (): boolean => isStopped || signal?.aborted === true
  const lane = async (): Promise<void> => {
    while (!isOver()) {
      const next = await source.next()
      if (next === undefined) return
      // What was drawn while another one failed, or the run was aborted.
      if (isOver()) return source.giveBack()
      try {
        await work(next)
        ok += 1
      } catch (error) {
        failed.push({ tenant: next.id, error })
        if (onError === 'stop') isStopped = true
      }
    }
  }
  try {
    const lanes = await Promise.allSettled(Array.from({ length: concurrency }, lane))
    const broken = lanes.find((result) => result.status === 'rejected')
    if (isStopped) throw stopped(failed, ok)
    if (broken !== undefined) throw broken.reason
    return { ok, failed, notRun: signal?.aborted === true ? await source.countRest() : 0 }
  } finally {
    await source.end()
  }
}

function stopped([first]: readonly TenantFailure[], ok: number): TenantWorkError {
  const { tenant, error } = first!
  const { message: reason } = readThrown(error)
  return new TenantWorkError(
    `The work for tenant "${tenant}" failed: ${reason}. No further tenant was begun; ${ok} were done before. ` +
      'Say `onError: "continue"` to go on behind such an error.',
    { tenant, cause: error },
  )
}

/** Several lanes draw from one source, which may not be asked twice at once. */
class OneByOne<Item> {
  readonly #iterator: AsyncIterator<Item>
  #turn: Promise<unknown> = Promise.resolve()
  #givenBack = 0

  constructor(items: AsyncIterable<Item>) {
    this.#iterator = items[Symbol.asyncIterator]()
  }

  next(): Promise<Item | undefined> {
    const drawn = this.#turn.then(async () => {
      const drawn = await this.#iterator.next()
      return drawn.done === true ? undefined : drawn.value
    })
    this.#turn = drawn.catch(() => {})
    return drawn
  }

  giveBack(): void {
    this.#givenBack += 1
  }

  async countRest(): Promise<number> {
    let count = this.#givenBack
    while ((await this.next()) !== undefined) count += 1
    return count
  }

  async end(): Promise<void> {
    await this.#iterator.return?.()
  }
}
