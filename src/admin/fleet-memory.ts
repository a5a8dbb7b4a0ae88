import type { FleetStatus } from '../fleet/status-fleet'
import { viewOf } from './fleet-view'
import type { FleetView } from './fleet-view'

/** How long a survey is shown at least before another one is made, in milliseconds. */
const MIN_KEPT_MS = 10_000
/** And how many times as long as it took: so much of the time, at most, goes to surveys while somebody looks on. */
const KEPT_TIMES = 10

/** How long a survey is shown, in milliseconds. */
export function keptMs({ ms }: Pick<FleetView, 'ms'>): number {
  return Math.max(MIN_KEPT_MS, ms * KEPT_TIMES)
}

/** The last survey of a fleet, made once for all who ask at the same time. */
export class FleetMemory {
  readonly #survey: () => Promise<FleetStatus>
  #view: FleetView | undefined
  #running: Promise<FleetView> | undefined
  /** Goes up with each change that was made here: a survey that began before is out of date when it ends. */
  #changes = 0

  constructor(survey: () => Promise<FleetStatus>) {
    this.#survey = survey
  }

  /** The fleet as it is, or was a few seconds ago. */
  async look(): Promise<FleetView> {
    const view = this.#view
    if (view !== undefined && Date.now() - view.at.getTime() < keptMs(view)) return view
    const before = this.#changes
    return (this.#running ??= this.#lookAnew().finally(() => {
      // Else one that began after a change is on.
      if (before === this.#changes) this.#running = undefined
    }))
  }

  /** Something was changed, or somebody wants to see it now. */
  forget(): void {
    this.#changes += 1
    this.#view = undefined
    this.#running = undefined
  }

  async #lookAnew(): Promise<FleetView> {
    const before = this.#changes
    const at = new Date()
    const status = await this.#survey()
    const view = viewOf(status, at, Date.now() - at.getTime())
    if (before === this.#changes) this.#view = view
    return view
  }
}
