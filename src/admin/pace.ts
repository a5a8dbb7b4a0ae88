import { performance } from 'node:perf_hooks'

/** So many of the last ones are looked at. */
const MOST = 200

/** How fast something goes of late. */
export class Pace {
  readonly #times: number[] = []
  readonly #now: () => number

  /** @param now - milliseconds, that never go back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** One more is done. */
  tick(): void {
    this.#times.push(this.#now())
    if (this.#times.length > MOST) this.#times.shift()
  }

  /** How many in a second; undefined before it can be told. */
  get rate(): number | undefined {
    const [first] = this.#times
    if (first === undefined || this.#times.length < 2) return undefined
    // Until now, not until the last one: where all stand still, it goes down.
    const seconds = (this.#now() - first) / 1000
    return seconds > 0 ? (this.#times.length - 1) / seconds : undefined
  }
}
