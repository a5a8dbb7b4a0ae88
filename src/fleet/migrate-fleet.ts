import type { MigrationWorker } from '../engine'
import { TenantNotFoundError } from '../errors'
import { Workers } from '../lifecycle/workers'
import type { MigrationEvent, MigrationOutcome, MigrationReport, StopReason } from './events'
import { MigrateTenant } from './migrate-tenant'
import type { Turn } from './migrate-tenant'
import type { FleetControl } from './options'
import { groupByState, namesIn, newestOf, planFleet } from './plan-fleet'
import type { FleetParts, FleetPlan } from './plan-fleet'
import { Queue } from './queue'
import { rehearse } from './rehearse'
import { patiently, workOff } from './schedule'
import { onFleetEvent } from './tell'

/** A run over many tenants: iterate over it, or await its report. It starts when one of the two is asked for. */
export interface MigrationRun extends AsyncIterable<MigrationOutcome> {
  /**
   * Runs to the end and tells everything. A tenant that fails is in it.
   *
   * @throws MigrationTargetError, MigrationFolderError, MigrationRefusedError, MigrationFailedError for what concerns all of them:
   * a version that no file has, a migration that must not be run, or that fails in the rehearsal. Nothing was changed then.
   */
  report(): Promise<MigrationReport>
}

/**
 * How many connections are opened while the tenants are counted, which takes as long: a greater fleet has use for them, and a small
 * one takes no more than these from the server.
 */
const EARLY = 4

/** Migrates many tenants, some at a time, each in a transaction of its own. */
export function migrateFleet(parts: FleetParts, control: FleetControl): MigrationRun {
  return {
    async *[Symbol.asyncIterator]() {
      for await (const outcomes of new FleetMigration(parts, control).run()) yield* outcomes
    },
    async report() {
      const migration = new FleetMigration(parts, control)
      const results: MigrationOutcome[] = []
      for await (const outcomes of migration.run()) for (const outcome of outcomes) results.push(outcome)
      const failed = results.filter(({ status }) => status === 'error').length
      const { notRun, stopped } = migration
      return { ok: results.length - failed, failed, results, notRun, ...(stopped && { stopped }) }
    },
  }
}

/** One run: survey, plan, rehearsal, the first tenants one by one, then all others. */
class FleetMigration {
  readonly #parts: FleetParts
  readonly #control: FleetControl
  readonly #workers: Workers
  #queue = new Queue<Turn>([])
  #failures = 0
  /** How many of the first ones are still to come. */
  #canaries = 0
  #stopped: StopReason | undefined
  /** What the observer threw first; kept apart, so that it is taken for no tenant's failure. */
  #thrown: { readonly error: unknown } | undefined

  constructor(parts: FleetParts, control: FleetControl) {
    const { lockTimeoutMs, statementTimeoutMs } = control
    this.#parts = parts
    this.#control = control
    const open = (): Promise<MigrationWorker> =>
      parts.engine.openWorker({ lockTimeoutMs, statementTimeoutMs })
    // A server that restarts costs the tenants in hand a try, and not each of the fleet all of its tries.
    this.#workers = new Workers(open, { patience: (again) => patiently(again, control) })
  }

  get stopped(): StopReason | undefined {
    return this.#stopped
  }

  /** Ids of tenants that were not tried, or not to the end. */
  get notRun(): readonly string[] {
    return this.#queue.rest.map(({ tenant }) => tenant.id)
  }

  /** First what is known without a database, all at once, then each as it comes. */
  async *run(): AsyncGenerator<readonly MigrationOutcome[]> {
    try {
      const { concurrency } = this.#control
      if (this.#parts.names === undefined) this.#workers.prepare(Math.min(concurrency, EARLY))
      const plan = await planFleet(this.#parts, this.#workers, concurrency)
      const migrate = this.#migrateWith(plan)
      const settled: MigrationOutcome[] = []
      const turns: Turn[] = []
      for (const tenant of plan.found) {
        const outcome = migrate.withoutDatabase(tenant)
        if (outcome === undefined) turns.push({ tenant, tries: 0 })
        else settled.push(outcome)
      }
      this.#queue = new Queue(turns)
      this.#canaries = Math.min(this.#control.canary, turns.length)
      await this.#announce(plan, turns)
      this.#expectObserver()
      yield settled.map((outcome) => this.#count(outcome, false))
      for await (const outcome of this.#workOff(migrate)) yield [outcome]
      this.#expectObserver()
    } finally {
      await this.#workers.close()
    }
  }

  #migrateWith({ plans, files, known }: FleetPlan): MigrateTenant {
    const { owner, direction, afterMigrate } = this.#parts
    return new MigrateTenant({
      ...{ workers: this.#workers, owner, direction, plans, files, known },
      ...{ retries: this.#control.retries, afterMigrate, tell: this.#tell },
    })
  }

  /** Tells the plan, and tries out what is in it. */
  async #announce({ plans, files, found }: FleetPlan, turns: readonly Turn[]): Promise<void> {
    const { direction } = this.#parts
    const states = await groupByState(
      plans,
      turns.map(({ tenant }) => tenant),
    )
    const groups = states.map(({ tenants, books, plan }) => ({
      ...{ tenants: tenants.length, from: newestOf(books), migrations: namesIn(plan) },
    }))
    this.#tell({ event: 'plan', direction, tenants: found.length, todo: turns.length, groups })
    if (turns.length === 0 || direction === 'down' || !this.#control.rehearse || this.#isStopped()) return
    await rehearse({ workers: this.#workers, files, tell: this.#tell }, groups)
  }

  async *#workOff(migrate: MigrateTenant): AsyncGenerator<MigrationOutcome> {
    const { concurrency, signal } = this.#control
    const outcomes = workOff({
      queue: this.#queue,
      work: (turn: Turn) => migrate.run(turn),
      width: () => (this.#canaries > 0 ? 1 : concurrency),
      isStopped: () => this.#isStopped(),
      signal,
    })
    for await (const outcome of outcomes)
      // Whoever was dropped meanwhile says nothing of the migrations, good or bad.
      yield isGone(outcome) ? outcome : this.#count(outcome, this.#canaries-- > 0)
  }

  #count(outcome: MigrationOutcome, isCanary: boolean): MigrationOutcome {
    if (outcome.status !== 'error') return outcome
    this.#failures += 1
    if (isCanary) this.#stop('canary')
    else if (this.#failures >= this.#control.maxFailures) this.#stop('failures')
    return outcome
  }

  #isStopped(): boolean {
    if (this.#control.signal?.aborted === true) this.#stop('aborted')
    return this.#stopped !== undefined || this.#thrown !== undefined
  }

  /** With nothing left to do there is nothing to stop. */
  #stop(reason: StopReason): void {
    if (this.#stopped !== undefined || this.#queue.isEmpty) return
    this.#stopped = reason
    this.#tell({ event: 'stopped', reason })
  }

  readonly #tell = (event: MigrationEvent): void => {
    onFleetEvent(this.#parts.owner.tenancy, event)
    if (this.#thrown !== undefined) return
    try {
      this.#control.onEvent?.(event)
    } catch (error) {
      this.#thrown = { error }
    }
  }

  #expectObserver(): void {
    if (this.#thrown !== undefined) throw this.#thrown.error
  }
}

function isGone(outcome: MigrationOutcome): boolean {
  return outcome.status === 'error' && outcome.error instanceof TenantNotFoundError
}
