import type {
  Books,
  Direction,
  MigrationFile,
  MigrationStep,
  MigrationWorker,
  SurveyedTenant,
} from '../engine'
import { MigrationLockedError } from '../errors'
import type { MigrationFailedError } from '../errors'
import type { MigratedTenant } from '../lifecycle/hooks'
import type { Owner } from '../lifecycle/ownership'
import type { MigrationResult } from '../lifecycle/results'
import { isTransient, waitBefore } from '../migrations/transient'
import type { MigrationEvent, MigrationFailure, MigrationOutcome } from './events'
import type { Plans } from './plans'
import type { Tried } from './schedule'
import { judge } from './survey-fleet'
import type { FoundTenant } from './survey-fleet'
import type { Workers } from '../lifecycle/workers'

/** A tenant whose turn it is. */
export interface Turn {
  readonly tenant: FoundTenant
  /** How often it was tried. */
  readonly tries: number
  /** Versions that earlier tries have run, and that stay. */
  readonly kept?: readonly number[]
  /** What it had applied when the connection was lost: what has come since is ours. */
  readonly lostAt?: readonly string[] | undefined
}

/** It is done with, or to be put back for a while. */
export type TurnResult = Tried<Turn, MigrationOutcome>

/** How often a tenant is looked at again beyond its retries, because somebody else changes it. */
const MORE_LOOKS = 3

/** What {@link MigrateTenant} works with. */
export interface MigrateTenantParts {
  readonly workers: Workers
  readonly owner: Owner
  readonly known: Map<string, Books>
  readonly plans: Plans
  readonly files: readonly MigrationFile[]
  readonly direction: Direction
  readonly retries: number
  readonly afterMigrate: (info: MigratedTenant) => Promise<void>
  readonly tell: (event: MigrationEvent) => void
}

/** Brings one tenant of a fleet where its plan says, and says what became of it. */
export class MigrateTenant {
  readonly #parts: MigrateTenantParts

  constructor(parts: MigrateTenantParts) {
    this.#parts = parts
  }

  /** The outcome that is known from the survey alone; undefined where there is something to do. */
  withoutDatabase(tenant: FoundTenant): MigrationOutcome | undefined {
    if (tenant.problem !== undefined) return this.#failed({ tenant, tries: 0 }, tenant.problem).outcome
    const { problem, steps, changed } = this.#parts.plans.made(booksOf(tenant))!
    if (problem !== undefined) return this.#failed({ tenant, tries: 0 }, problem).outcome
    const isDone = steps.length === 0 && changed.length === 0 && tenant.found.isSettled !== false
    return isDone ? this.#ok(tenant, []) : undefined
  }

  /** Tries once. Never rejects. */
  async run(turn: Turn): Promise<TurnResult> {
    const start = performance.now()
    const next = { ...turn, tries: turn.tries + 1 }
    let isUsable = true
    try {
      return await this.#parts.workers.lend(async (worker) => {
        try {
          return await this.#runWith(worker, next, start)
        } finally {
          isUsable = worker.isUsable
        }
      })
    } catch (error) {
      const isPassing = isTransient(error) || !isUsable
      if (next.tries > this.#parts.retries || !isPassing) return this.#failed(next, error as Error)
      return this.#later(next, error as Error, isUsable)
    }
  }

  async #runWith(worker: MigrationWorker, turn: Turn, start: number): Promise<TurnResult> {
    const { retries, plans } = this.#parts
    const tenant = turn.tries === 1 ? turn.tenant : await this.#lookAgain(worker, turn.tenant)
    if (tenant.problem !== undefined) throw tenant.problem
    const kept = [...(turn.kept ?? []), ...sinceLost(turn, booksOf(tenant), this.#parts)]
    const { problem, prepared, changed, steps } = await plans.for(booksOf(tenant))
    if (problem !== undefined) throw problem
    if (changed.length > 0) await this.#accept(worker, tenant)
    else if (prepared === undefined) {
      const { id, schema, found } = tenant
      if (found.isSettled === false) await worker.withLock(schema, id, () => worker.apply(schema, id, []))
      return this.#done(turn, tenant, kept, start)
    } else {
      const isThorough = turn.tries > retries
      const isDone = await worker.advance(tenant.found as SurveyedTenant, prepared, { isThorough })
      if (isDone) return await this.#migrated(turn, tenant, [...kept, ...versionsOf(steps)], start)
    }
    // Its books are not what they were: somebody else is on it, too, or the files were just accepted.
    if (turn.tries > retries + MORE_LOOKS) throw restless(tenant)
    return { again: { tenant, tries: turn.tries, kept }, waitMs: 0 }
  }

  /** The hook's error leaves what was migrated, and another try would find nothing to do. */
  async #migrated(
    turn: Turn,
    tenant: FoundTenant,
    versions: readonly number[],
    start: number,
  ): Promise<TurnResult> {
    const { direction, afterMigrate } = this.#parts
    try {
      await afterMigrate({ tenant: tenant.id, schema: tenant.schema, direction, versions })
    } catch (error) {
      return this.#failed({ ...turn, kept: versions }, error as Error)
    }
    return this.#done(turn, tenant, versions, start)
  }

  async #lookAgain(worker: MigrationWorker, { id, schema }: FoundTenant): Promise<FoundTenant> {
    const [found] = await worker.survey([schema], this.#parts.known)
    return judge(this.#parts.owner, { id, schema }, found!)
  }

  /** Changed files are taken as they are now. */
  async #accept(worker: MigrationWorker, { id, schema }: FoundTenant): Promise<void> {
    await worker.withLock(schema, id, async () => worker.checkUnchanged?.(schema, this.#parts.files, true))
  }

  #later(turn: Turn, error: Error, isUsable: boolean): TurnResult {
    const waitMs = Math.round(waitBefore(turn.tries))
    const { id, schema } = turn.tenant
    this.#parts.tell({ event: 'retry', tenant: id, prefix: schema, tries: turn.tries, error, waitMs })
    const kept = [...(turn.kept ?? []), ...versionsIn(error)]
    const lostAt = isUsable ? undefined : booksOf(turn.tenant).applied
    return { again: { ...turn, kept, lostAt }, waitMs }
  }

  #done(turn: Turn, tenant: FoundTenant, versions: readonly number[], start: number): TurnResult {
    const ms = Math.round(performance.now() - start)
    const { id, schema } = tenant
    this.#parts.tell({ event: 'done', tenant: id, prefix: schema, versions, ms, tries: turn.tries })
    return { outcome: this.#ok(tenant, versions) }
  }

  #ok({ id, schema }: FoundTenant, versions: readonly number[]): MigrationResult {
    return { status: 'ok', tenant: id, prefix: schema, direction: this.#parts.direction, versions }
  }

  #failed({ tenant, tries, kept = [] }: Turn, error: Error): { readonly outcome: MigrationFailure } {
    const { migration } = error as Partial<MigrationFailedError>
    const { id, schema } = tenant
    const { direction } = this.#parts
    const versions = [...kept, ...versionsIn(error)]
    const failure = { tenant: id, prefix: schema, direction, error, migration, versions }
    this.#parts.tell({ event: 'failed', tries, ...failure })
    return { outcome: { status: 'error', ...failure } }
  }
}

function restless({ id, schema }: FoundTenant): MigrationLockedError {
  return new MigrationLockedError(
    `The books of tenant "${id}" ("${schema}") were not what they were a moment before, each time anew. See who else writes ` +
      'there, and run again. Nothing was done.',
    { tenant: id },
  )
}

function booksOf({ found }: FoundTenant): Books {
  return found.books as Books
}

/** What a try whose connection was lost has done all the same. */
function sinceLost(
  { lostAt, kept = [] }: Turn,
  { applied }: Books,
  { files, direction }: MigrateTenantParts,
): number[] {
  if (lostAt === undefined) return []
  const [before, after] = direction === 'up' ? [lostAt, applied] : [applied, lostAt]
  const names = new Set(after.filter((name) => !before.includes(name)))
  const versions = files.filter(({ name }) => names.has(name)).map(({ version }) => version)
  return (direction === 'up' ? versions : versions.reverse()).filter((version) => !kept.includes(version))
}

function versionsOf(steps: readonly MigrationStep[]): number[] {
  return steps.map(({ file }) => file.version)
}

function versionsIn(error: Error): readonly number[] {
  return (error as Partial<MigrationFailedError>).versions ?? []
}
