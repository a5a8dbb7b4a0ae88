import type { Failures } from './failures'
import { FleetRun } from './fleet-run'
import type { Migrate, RunOptions } from './fleet-run'

/** The runs over the fleet that are made from one page: one at a time. */
export class Runs {
  readonly #migrate: Migrate
  readonly #failures: Failures
  readonly #onEnd: () => void
  #last: FleetRun | undefined

  constructor(migrate: Migrate, failures: Failures, onEnd: () => void) {
    this.#migrate = migrate
    this.#failures = failures
    this.#onEnd = onEnd
  }

  /** The one that is on, or was the last. */
  get last(): FleetRun | undefined {
    return this.#last
  }

  /** The one that is on. */
  get running(): FleetRun | undefined {
    return this.#last?.isRunning === true ? this.#last : undefined
  }

  /** @returns false, with nothing done, where one is on */
  start(options: RunOptions): boolean {
    if (this.running !== undefined) return false
    const run = new FleetRun(this.#migrate, options, this.#failures)
    this.#last = run
    void run.ended.then(this.#onEnd)
    return true
  }
}
