import { setTimeout as sleep } from 'node:timers/promises'
import type { Books, Direction, Engine, MigrationFile } from '../engine'
import type { MigrateOptions, TenantNames } from '../lifecycle/options'
import type { Owner } from '../lifecycle/ownership'
import { planSteps } from '../migrations/target'
import type { MigrationEvent, MigrationOutcome, MigrationReport, PlannedGroup, StopReason } from './events'
import { MigrateTenant } from './migrate-tenant'
import type { Turn } from './migrate-tenant'
import type { FleetControl } from './options'
import { Plans } from './plans'
import { Queue } from './queue'
import { rehearse } from './rehearse'
import { surveyFleet } from './survey-fleet'
import type { FoundTenant } from './survey-fleet'
import { Workers } from '../lifecycle/workers'

/** What a run over many tenants works with. */
export interface FleetParts {
  readonly engine: Engine
  readonly owner: Owner
  readonly readFiles: () => Promise<readonly MigrationFile[]>
  /** Undefined: all. */
  readonly names: readonly TenantNames[] | undefined
  readonly direction: Direction
  readonly options: MigrateOptions
  readonly control: FleetControl
}

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

/** Migrates many tenants, some at a time, each in a transaction of its own. */
export function migrateFleet(parts: FleetParts): MigrationRun {
  return {
    [Symbol.asyncIterator]: () => new FleetMigration(parts).run(),
    async report() {
      const migration = new FleetMigration(parts)
      const results: MigrationOutcome[] = []
      for await (const result of migration.run()) results.push(result)
      const failed = results.filter(({ status }) => status === 'error').length
      const { notRun, stopped } = migration
      return { ok: results.length - failed, failed, results, notRun, ...(stopped && { stopped }) }
    },
  }
}

/** One run: survey, plan, rehearsal, the first tenants one by one, then all others. */
class FleetMigration {
  readonly #parts: FleetParts
  readonly #workers: Workers
  readonly #known = new Map<string, Books>()
  #failures = 0
  #stopped: StopReason | undefined
  #queue = new Queue<Turn>([])

  constructor(parts: FleetParts) {
    const { lockTimeoutMs, statementTimeoutMs } = parts.control
    this.#parts = parts
    this.#workers = new Workers(() => parts.engine.openWorker({ lockTimeoutMs, statementTimeoutMs }))
  }

  get stopped(): StopReason | undefined {
    return this.#stopped
  }

  get notRun(): readonly string[] {
    return this.#queue.rest.map(({ tenant }) => tenant.id)
  }

  async *run(): AsyncGenerator<MigrationOutcome> {
    try {
      const { names, direction, options, control, owner } = this.#parts
      const files = await this.#parts.readFiles()
      // What no file has is nobody's fault but the caller's.
      planSteps({ direction, files, applied: [] }, targetOf(options))
      const { concurrency } = control
      const workers = this.#workers
      const place = { workers, owner, concurrency, known: this.#known }
      const found = await surveyFleet(place, names)
      const plans = new Plans({ direction, files, options, lend: (work) => workers.lend(work, 0) })
      const migrate = new MigrateTenant({
        ...this.#parts,
        ...place,
        plans,
        files,
        tell: (event) => this.#tell(event),
      })
      const turns: Turn[] = []
      const settled: MigrationOutcome[] = []
      for (const tenant of found) {
        const outcome = await migrate.withoutDatabase(tenant)
        if (outcome === undefined) turns.push({ tenant, tries: 0 })
        else settled.push(outcome)
      }
      this.#queue = new Queue(turns)
      this.#tell(await this.#planOf(found, turns, plans))
      if (turns.length > 0 && control.rehearse && !this.#isStopped())
        await rehearse({ ...this.#parts, workers, files, tell: (event) => this.#tell(event) })
      for (const outcome of settled) yield this.#count(outcome, false)
      yield* this.#runAll(migrate, Math.min(control.canary, turns.length))
    } finally {
      await this.#workers.close()
    }
  }

  /** The first ones alone, then as many at a time as may be. */
  async *#runAll(migrate: MigrateTenant, canaries: number): AsyncGenerator<MigrationOutcome> {
    const { concurrency } = this.#parts.control
    const running = new Set<Promise<MigrationOutcome | undefined>>()
    let first = canaries
    try {
      for (;;) {
        while (running.size < (first > 0 ? 1 : concurrency) && !this.#isStopped()) {
          const turn = this.#queue.take(Date.now())
          if (turn === undefined) break
          const promise = migrate.run(turn).then((result) => {
            running.delete(promise)
            if ('outcome' in result) return result.outcome
            this.#queue.putBack(result.again, Date.now() + result.waitMs)
            return undefined
          })
          running.add(promise)
        }
        if (running.size === 0 && (this.#isStopped() || this.#queue.isEmpty)) return
        const outcome = await this.#next(running, first > 0 ? 1 : concurrency)
        if (outcome === undefined) continue
        yield this.#count(outcome, first > 0)
        first -= 1
      }
    } finally {
      await Promise.allSettled(running)
    }
  }

  /** Waits for the first that ends, or until one that was put back is due and has room. */
  async #next(
    running: ReadonlySet<Promise<MigrationOutcome | undefined>>,
    room: number,
  ): Promise<MigrationOutcome | undefined> {
    const { nextAt } = this.#queue
    if (nextAt === undefined || running.size >= room || this.#isStopped()) return Promise.race(running)
    const cancel = new AbortController()
    const due = sleep(Math.max(0, nextAt - Date.now()), undefined, { signal: cancel.signal }).catch(
      () => undefined,
    )
    const aborted = this.#untilAborted(cancel.signal)
    try {
      return await Promise.race([...running, due, aborted])
    } finally {
      cancel.abort()
    }
  }

  #untilAborted(done: AbortSignal): Promise<undefined> {
    const { signal } = this.#parts.control
    return new Promise((resolve) => {
      signal?.addEventListener('abort', () => resolve(undefined), { once: true, signal: done })
    })
  }

  #count(outcome: MigrationOutcome, isCanary: boolean): MigrationOutcome {
    if (outcome.status !== 'error') return outcome
    this.#failures += 1
    if (isCanary) this.#stop('canary')
    else if (this.#failures >= this.#parts.control.maxFailures) this.#stop('failures')
    return outcome
  }

  #isStopped(): boolean {
    if (this.#parts.control.signal?.aborted === true) this.#stop('aborted')
    return this.#stopped !== undefined
  }

  #stop(reason: StopReason): void {
    if (this.#stopped !== undefined || this.#queue.isEmpty) return
    this.#stopped = reason
    this.#tell({ event: 'stopped', reason })
  }

  #tell(event: MigrationEvent): void {
    this.#parts.control.onEvent?.(event)
  }

  async #planOf(
    found: readonly FoundTenant[],
    turns: readonly Turn[],
    plans: Plans,
  ): Promise<MigrationEvent> {
    const { direction } = this.#parts
    const groups = new Map<string, PlannedGroup>()
    for (const { tenant } of turns) {
      const books = tenant.found.books as Books
      const group = groups.get(books.state)
      const { steps } = await plans.for(books)
      groups.set(books.state, {
        tenants: (group?.tenants ?? 0) + 1,
        from: group?.from ?? newestIn(books),
        migrations: group?.migrations ?? steps.map(({ file }) => file.name),
      })
    }
    return {
      event: 'plan',
      direction,
      tenants: found.length,
      todo: turns.length,
      groups: [...groups.values()],
    }
  }
}

function newestIn({ applied }: Books): number | undefined {
  const versions = applied.map((name) => Number(/^\d+/.exec(name)?.[0] ?? 0))
  return versions.length === 0 ? undefined : Math.max(...versions)
}

function targetOf({ allowOutOfOrder: _o, allowChanged: _c, ...target }: MigrateOptions): MigrateOptions {
  return target
}
