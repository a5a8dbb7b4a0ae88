import { ConfigError, PoolTimeoutError } from '../errors'
import { FairShare } from './fair-share'

/** How the tenants of a pool share its connections. */
export interface TurnOptions {
  /** How many connections of the pool a tenant may have at once. Default: all of them. */
  readonly maxPerTenant?: number | undefined
  /** How long a call waits for its turn and its connection together, in milliseconds. Default: without end. */
  readonly timeoutMs?: number | undefined
}

/** One call that wants a connection. */
export interface Turn<Given> {
  /** Asks the pool, when it is the call's turn. */
  readonly take: (done: (error: Error | undefined, given?: Given) => void) => void
  /** Called once, with the connection or with the reason why there is none. */
  readonly use: (error: Error | undefined, given?: Given) => void
  /** Gives back what came when nobody waited any more. */
  readonly giveBack: (given: Given) => void
}

/** Gives each tenant its turn at the connections of a pool. Who has had one must {@link leave}. */
export class Turns {
  readonly #share: FairShare
  readonly #options: TurnOptions

  /** @throws ConfigError */
  constructor(options: TurnOptions) {
    const { maxPerTenant = Infinity, timeoutMs = 0 } = options
    const problems: string[] = []
    if (maxPerTenant !== Infinity && !(Number.isSafeInteger(maxPerTenant) && maxPerTenant >= 1))
      problems.push('The option `maxPerTenant` is a whole number from 1.')
    if (!(timeoutMs >= 0))
      problems.push('The limit of the wait for a connection is a number of milliseconds.')
    if (problems.length > 0) throw new ConfigError(problems)
    this.#share = new FairShare(maxPerTenant)
    this.#options = options
  }

  /** How many calls wait for the turn of their tenant. */
  get waiting(): number {
    return this.#share.waiting
  }

  /** Waits for the turn of this tenant. A turn that found no connection is over by itself. */
  take<Given>(tenant: string, { take, use, giveBack }: Turn<Given>): void {
    const { timeoutMs } = this.#options
    let isAnswered = false
    let giveUp = (): void => {}
    const onTimeout = (): void => {
      giveUp()
      answer(new PoolTimeoutError(tenant, timeoutMs!))
    }
    const timer = timeoutMs ? setTimeout(onTimeout, timeoutMs) : undefined
    const answer: typeof use = (error, given) => {
      isAnswered = true
      clearTimeout(timer)
      use(error, given)
    }
    const enter = (): void =>
      take((error, given) => {
        if (given === undefined) this.leave(tenant)
        else if (isAnswered) return giveBack(given)
        if (!isAnswered) answer(error, given)
      })
    giveUp = this.#share.enter(tenant, enter)
  }

  /** The pool is closed: who waits for its turn is answered by the pool, as everybody else is. */
  open(): void {
    this.#share.open()
  }

  /** The connection of a turn is back. */
  leave(tenant: string): void {
    this.#share.leave(tenant)
  }
}
