import type {
  Books,
  Direction,
  MigrationFile,
  MigrationStep,
  MigrationWorker,
  PreparedSteps,
} from '../engine'
import { MigrationChangedError, MigrationTargetError, MigrationUnfinishedError } from '../errors'
import type { MigrateOptions } from '../lifecycle/options'
import { changedFiles } from '../migrations/target'
import { planFrom } from '../migrations/unfinished'

/** What is to be done with every tenant whose books are in one state. */
export interface Plan {
  readonly steps: readonly MigrationStep[]
  /** Missing where nothing is to be done. */
  readonly prepared?: PreparedSteps
  /** Applied files that are not as they were, and are to be taken as they are now. */
  readonly changed: readonly string[]
  /** Why tenants in this state can't be migrated. */
  readonly problem?: Error
}

/** What plans are made of. */
export interface PlanParts {
  readonly direction: Direction
  readonly files: readonly MigrationFile[]
  readonly options: MigrateOptions
  /** Lends a connection. */
  readonly lend: <T>(work: (worker: MigrationWorker) => Promise<T>) => Promise<T>
}

/** The plans of a run: a fleet of thousands is in a few states, and for each of them there is one. */
export class Plans {
  readonly #parts: PlanParts
  readonly #byState = new Map<string, Promise<Plan>>()
  readonly #made = new Map<string, Plan>()
  #checksums: Promise<ReadonlyMap<string, string> | undefined> | undefined

  constructor(parts: PlanParts) {
    this.#parts = parts
  }

  /** @throws MigrationRefusedError, MigrationFailedError for steps that nobody can run */
  for(books: Books): Promise<Plan> {
    const known = this.#byState.get(books.state)
    if (known !== undefined) return known
    const plan = this.#makeOnce(books)
    this.#byState.set(books.state, plan)
    return plan
  }

  /** What {@link for} has made for books in this state, if it is done: for thousands of tenants at no await each. */
  made({ state }: Books): Plan | undefined {
    return this.#made.get(state)
  }

  async #makeOnce(books: Books): Promise<Plan> {
    const plan = await this.#make(books)
    this.#made.set(books.state, plan)
    return plan
  }

  async #make(books: Books): Promise<Plan> {
    const { direction, files, options } = this.#parts
    const { allowOutOfOrder, allowChanged = false, ...target } = options
    const { applied, unfinished } = books
    try {
      const steps = planFrom({ direction, files, applied, unfinished, allowOutOfOrder }, target)
      const changed = await this.#changedIn(books)
      if (changed.length > 0 && !allowChanged) throw hasChanged(changed)
      if (steps.length === 0) return { steps, changed }
      return { steps, changed, prepared: await this.#parts.lend((worker) => worker.prepare(steps)) }
    } catch (problem) {
      if (!isOfTenant(problem)) throw problem
      return { steps: [], changed: [], problem: problem as Error }
    }
  }

  async #changedIn({ checksums }: Books): Promise<readonly string[]> {
    if (checksums === undefined) return []
    const { files, lend } = this.#parts
    const now = await (this.#checksums ??= lend(async (worker) => worker.checksums?.(files)))
    return changedFiles(checksums, now)
  }
}

/** It is about what the tenant has, not about what all are to get. */
function isOfTenant(error: unknown): boolean {
  return (
    error instanceof MigrationTargetError ||
    error instanceof MigrationUnfinishedError ||
    error instanceof MigrationChangedError
  )
}

function hasChanged(names: readonly string[]): MigrationChangedError {
  return new MigrationChangedError(
    `Applied, and the file has changed since: ${names.join(', ')}. Put it back and write a new migration, or take it as it is ` +
      'now: `allowChanged: true` (--allow-changed). Nothing was run.',
    { migration: names[0]! },
  )
}
