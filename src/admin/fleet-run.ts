import type { MigrateAllOptions } from '../fleet/options'
import type { MigrationEvent, StopReason } from '../fleet/events'
import type { MigrationRun } from '../fleet/migrate-fleet'
import { describeError } from './describe-error'
import type { ErrorFacts } from './describe-error'
import type { Failures, KnownFailure } from './failures'
import { Pace } from './pace'

/** Where a run is. */
export type RunPhase = 'planning' | 'rehearsing' | 'migrating' | 'ended'

/** A run at one moment. Counts are of tenants. */
export interface RunState {
  readonly phase: RunPhase
  readonly startedAt: Date
  readonly endedAt: Date | undefined
  /** All that were looked at. */
  readonly tenants: number
  /** With something to do. */
  readonly todo: number
  readonly done: number
  readonly failed: number
  /** Tries that met a lock or a lost connection, and were made again. */
  readonly retries: number
  readonly isCancelled: boolean
  /** Why it ended before its end, where it did. */
  readonly stopped: StopReason | undefined
  /** What concerns all tenants, where it ended by that: nothing was changed then. */
  readonly error: ErrorFacts | undefined
  /** Tenants in a second: of late, and over all of it once it has ended. */
  readonly rate: number | undefined
  /** Seconds to the end at that rate. */
  readonly secondsLeft: number | undefined
}

/** Calls a tenancy's `migrateAll`. */
export type Migrate = (options: MigrateAllOptions) => MigrationRun

/** What a run is started with. */
export type RunOptions = Pick<MigrateAllOptions, 'to' | 'maxFailures'>

/** So many failures are kept with their errors; the others are counted. */
const MOST_KEPT = 200

/** One migration of the fleet. It goes on whether or not somebody watches. */
export class FleetRun {
  readonly failures: KnownFailure[] = []
  readonly #listeners = new Set<() => void>()
  readonly #abort = new AbortController()
  readonly #pace = new Pace()
  readonly #registry: Failures
  readonly #startedAt = new Date()
  #endedAt: Date | undefined
  #phase: RunPhase = 'planning'
  #counts = { tenants: 0, todo: 0, done: 0, failed: 0, retries: 0 }
  #stopped: StopReason | undefined
  #error: ErrorFacts | undefined
  /** Settles when the run is over; never rejects. */
  readonly ended: Promise<void>

  /** @param failures - is told who failed, and who did no more */
  constructor(migrate: Migrate, options: RunOptions, failures: Failures) {
    this.#registry = failures
    this.ended = this.#run(migrate, options)
  }

  get isRunning(): boolean {
    return this.#phase !== 'ended'
  }

  get state(): RunState {
    const { todo, done, failed } = this.#counts
    const rate = this.isRunning ? this.#pace.rate : this.#meanRate
    const left = Math.max(0, todo - done - failed)
    return {
      ...{ phase: this.#phase, startedAt: this.#startedAt, endedAt: this.#endedAt, ...this.#counts },
      ...{ isCancelled: this.#abort.signal.aborted, stopped: this.#stopped, error: this.#error, rate },
      secondsLeft: rate === undefined || this.#phase !== 'migrating' ? undefined : Math.ceil(left / rate),
    }
  }

  /** Begins no further tenant; those in hand are finished. */
  cancel(): void {
    if (this.isRunning) this.#abort.abort()
    this.#tellAll()
  }

  /**
   * Calls `listener` whenever the state has changed.
   * @returns ends that
   */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #run(migrate: Migrate, options: RunOptions): Promise<void> {
    try {
      const run = migrate({ ...options, signal: this.#abort.signal, onEvent: this.#onEvent })
      for await (const outcome of run) if (outcome.status === 'ok') this.#registry.forget(outcome.tenant)
    } catch (error) {
      this.#error = describeError(error)
    }
    this.#phase = 'ended'
    this.#endedAt = new Date()
    this.#tellAll()
  }

  readonly #onEvent = (event: MigrationEvent): void => {
    const counts = this.#counts
    if (event.event === 'plan') {
      this.#counts = { ...counts, tenants: event.tenants, todo: event.todo + counts.failed }
      this.#phase = event.todo === 0 ? 'migrating' : 'rehearsing'
    } else if (event.event === 'done') {
      this.#begin()
      this.#counts = { ...counts, done: counts.done + 1 }
      this.#pace.tick()
    } else if (event.event === 'failed') {
      if (this.#phase !== 'planning') this.#begin()
      this.#counts = { ...counts, failed: counts.failed + 1 }
      this.#pace.tick()
      const failure = this.#registry.note(event.tenant, event.error)
      if (this.failures.length < MOST_KEPT) this.failures.push(failure)
    } else if (event.event === 'retry') this.#counts = { ...counts, retries: counts.retries + 1 }
    else if (event.event === 'rehearsed') this.#begin()
    else this.#stopped = event.reason
    this.#tellAll()
  }

  get #meanRate(): number | undefined {
    const { done, failed } = this.#counts
    const seconds = ((this.#endedAt?.getTime() ?? 0) - this.#startedAt.getTime()) / 1000
    return done + failed > 0 && seconds > 0 ? (done + failed) / seconds : undefined
  }

  #begin(): void {
    this.#phase = 'migrating'
  }

  #tellAll(): void {
    for (const listener of this.#listeners) listener()
  }
}
