import type {
  Direction,
  DropOptions,
  MigrationFile,
  MigrationStep,
  MigrationWorker,
  Repair,
  SchemaReport,
  TenantState,
} from '../engine'
import { MigrationTargetError, TenantExistsError } from '../errors'
import { versionOfName } from '../migrations/file-name'
import { readMigrationFolder } from '../migrations/folder'
import { planFrom } from '../migrations/unfinished'
import type { SchemaName } from '../tenant/schema-name'
import type { TenantId } from '../tenant/tenant-id'
import { birth } from './birth'
import { entryOf } from './book-entry'
import type { BookEntry } from './book-entry'
import { runHook } from './hooks'
import type { MigratedTenant } from './hooks'
import type { CreateOptions, LifecycleParts, MigrateOptions, TenantNames } from './options'
import { expectOurs, expectWhole, isHalfMade, isOurs, markOf, notFound } from './ownership'
import { resultOf, statusOf } from './results'
import type {
  CreateResult,
  MigrationResult,
  RepairResult,
  TenantInfo,
  TenantResult,
  TenantStatus,
} from './results'
import { Workers } from './workers'

/** A connection costs a quarter of a new tenant of ten tables, and many tenants are often made in a row. */
const KEPT_MS = 5000

/** The births, changes and ends of a tenancy's tenants. */
export class Tenants {
  readonly #parts: LifecycleParts
  readonly #workers: Workers

  constructor(parts: LifecycleParts) {
    this.#parts = parts
    this.#workers = new Workers(() => parts.engine.openWorker(), { idleMs: KEPT_MS })
  }

  /** Ends the connections that are kept. */
  close(): Promise<void> {
    return this.#workers.close()
  }

  /** @throws {@link TenantExistsError}, SchemaNotOursError, and what the migrations throw; then nothing is left */
  async create(
    names: TenantNames,
    { ifExists = 'migrate', migrate = true }: CreateOptions = {},
  ): Promise<CreateResult> {
    const files = migrate ? await this.#files() : []
    const atOnce = async (worker: MigrationWorker): Promise<CreateResult | undefined> => {
      const steps = await birth(worker, names.schema, markOf(this.#parts, names), files)
      if (steps === undefined) return undefined
      this.#parts.onChange(names.id)
      return { ...resultOf(names, 'up', steps), created: true }
    }
    const byHand = async (worker: MigrationWorker, report: SchemaReport): Promise<CreateResult> => {
      if (report.exists) expectOurs(this.#parts, names, report)
      if (report.exists && !isHalfMade(report))
        return this.#createAgain(worker, report, names, { ifExists, files })
      const steps = await this.#firstSteps(worker, report, names, files)
      const mark = markOf(this.#parts, names)
      const result = { ...resultOf(names, 'up', steps), created: true }
      // With a hook it is whole once that has ended; until then nobody is served, and whoever comes next begins anew.
      const hasHook = this.#hasSeed && steps.length > 0
      await worker.create(names.schema, hasHook ? { ...mark, state: 'creating' } : mark, steps)
      if (hasHook) await this.#seed(worker, names, result.versions)
      this.#parts.onChange(names.id)
      return result
    }
    // What the hook does is behind the migrations and before the tenant is served, so it is made in more than one step.
    return this.#withWorker(names, byHand, this.#hasSeed ? undefined : atOnce)
  }

  /** @throws TenantNotFoundError, SchemaNotOursError, MigrationTargetError, MigrationFailedError, MigrationRefusedError */
  async migrate(
    names: TenantNames,
    direction: Direction,
    options: MigrateOptions = {},
  ): Promise<MigrationResult> {
    return this.#withWorker(names, (worker, report) =>
      this.#migrateOn(worker, report, names, direction, options),
    )
  }

  /** @throws TenantNotFoundError, SchemaNotOursError, TenantInUseError without `cascade` */
  async drop(names: TenantNames, options?: DropOptions): Promise<TenantResult> {
    return this.#withWorker(names, async (worker, report) => {
      expectOurs(this.#parts, names, report)
      const info = { tenant: names.id, schema: names.schema }
      await runHook(this.#parts.hooks, 'beforeDrop', info)
      await worker.drop(names.schema, names.id, options)
      this.#parts.onChange(names.id)
      await runHook(this.#parts.hooks, 'afterDrop', { ...info, keptUntil: undefined })
      return { status: 'ok', tenant: names.id, prefix: names.schema }
    })
  }

  /** Marks an existing schema as ours. @throws TenantNotFoundError, SchemaNotOursError */
  async adopt(names: TenantNames): Promise<MigrationResult> {
    return this.#withWorker(names, async (worker, report) => {
      if (!report.exists) throw notFound(names)
      if (report.mark === undefined) {
        await worker.adopt(names.schema, markOf(this.#parts, names), await this.#files())
        this.#parts.onChange(names.id)
      } else expectWhole(this.#parts, names, report)
      const applied = await worker.readApplied(names.schema)
      return { ...resultOf(names, 'up', []), versions: applied.map(versionOfName) }
    })
  }

  /** Ends what a run left unfinished. @throws MigrationTargetError where nothing is, TenantNotFoundError, SchemaNotOursError */
  async repair(names: TenantNames, repair: Repair): Promise<RepairResult> {
    return this.#withWorker(names, async (worker, report) => {
      expectOurs(this.#parts, names, report)
      const { unfinished } = report
      if (unfinished === undefined || worker.repair === undefined) {
        throw new MigrationTargetError(
          `Tenant "${names.id}" has no unfinished migration. Nothing was changed.`,
          {
            tenant: names.id,
          },
        )
      }
      await worker.repair(names.schema, repair)
      const { name: migration, direction, statement } = unfinished
      return { status: 'ok', tenant: names.id, prefix: names.schema, migration, direction, statement }
    })
  }

  /** Changes the books and nothing else. @throws TenantNotFoundError, SchemaNotOursError, MigrationTargetError */
  async mark(
    names: TenantNames,
    version: number | bigint | string,
    entry: BookEntry,
  ): Promise<MigrationResult> {
    return this.#withWorker(names, async (worker, report) => {
      expectWhole(this.#parts, names, report)
      const applied = await worker.readApplied(names.schema)
      const { unfinished } = report
      const step = entryOf(names, { files: await this.#files(), applied, unfinished }, version, entry)
      await worker.note(names.schema, step)
      return resultOf(names, step.direction, [step])
    })
  }

  /** Serves a tenant, or stops serving it. @throws TenantNotFoundError, SchemaNotOursError */
  async setState(names: TenantNames, state: TenantState): Promise<TenantResult> {
    return this.#withWorker(names, async (worker, report) => {
      expectWhole(this.#parts, names, report)
      await worker.setState(names.schema, state)
      this.#parts.onChange(names.id)
      return { status: 'ok', tenant: names.id, prefix: names.schema }
    })
  }

  async exists(names: TenantNames): Promise<boolean> {
    return (await this.find(names)) !== undefined
  }

  /** Calls the application's hook. @throws HookError */
  afterMigrate(info: MigratedTenant): Promise<void> {
    return runHook(this.#parts.hooks, 'afterMigrate', info)
  }

  /** State of one tenant, as the request half asks for it; a half-made one is not there. */
  async find(names: TenantNames): Promise<TenantState | undefined> {
    const mark = await this.#parts.engine.readMark(names.schema)
    if (mark === undefined || !isOurs(this.#parts, names.schema, mark)) return undefined
    return mark.state === 'creating' ? undefined : mark.state
  }

  /** @throws TenantNotFoundError, SchemaNotOursError */
  async status(names: TenantNames): Promise<TenantStatus> {
    return this.#workers.lend(async (worker) => {
      const report = await worker.inspect(names.schema)
      expectOurs(this.#parts, names, report)
      const books = { files: await this.#files(), applied: await worker.readApplied(names.schema) }
      return statusOf(names, report, books)
    })
  }

  /** All of ours, by schema name. */
  async *list(): AsyncGenerator<TenantInfo> {
    const { engine, prefix } = this.#parts
    for await (const { schema, mark } of engine.listMarked(prefix)) {
      if (isOurs(this.#parts, schema, mark)) yield { tenant: mark.tenant, prefix: schema, state: mark.state }
    }
  }

  /** All of ours that are whole, as their marks name them: rules for new ids may have changed since. */
  async *names(): AsyncGenerator<TenantNames> {
    for await (const { tenant, prefix, state } of this.list()) {
      if (state !== 'creating') yield { id: tenant as TenantId, schema: prefix as SchemaName }
    }
  }

  get #hasSeed(): boolean {
    return this.#parts.hooks.hooks.afterCreate !== undefined
  }

  /** @throws HookError, once the tenant is dropped again */
  async #seed(worker: MigrationWorker, names: TenantNames, versions: readonly number[]): Promise<void> {
    const { id: tenant, schema } = names
    try {
      await runHook(this.#parts.hooks, 'afterCreate', { tenant, schema, versions })
    } catch (error) {
      // Where that fails, too, it is half made: the hook's error is the one to tell.
      await worker.drop(schema, tenant, { cascade: true }).catch(() => {})
      throw error
    }
    await worker.setState(schema, 'active')
  }

  async #createAgain(
    worker: MigrationWorker,
    report: SchemaReport,
    names: TenantNames,
    { ifExists, files }: { readonly ifExists: 'migrate' | 'error'; readonly files: readonly MigrationFile[] },
  ): Promise<CreateResult> {
    if (ifExists === 'error')
      throw new TenantExistsError(`Tenant "${names.id}" exists already.`, { tenant: names.id })
    const done =
      files.length === 0
        ? resultOf(names, 'up', [])
        : await this.#migrateOn(worker, report, names, 'up', { all: true })
    return { ...done, created: false }
  }

  /** What a new tenant gets; of one whose creation was interrupted, what is missing or, where that can't be, all of it. */
  async #firstSteps(
    worker: MigrationWorker,
    report: SchemaReport,
    names: TenantNames,
    files: readonly MigrationFile[],
  ): Promise<readonly MigrationStep[]> {
    // A hook may have done half of its work, and begins anew as well.
    const goesOn = report.exists && worker.resumesCreation === true && !this.#hasSeed
    if (report.exists && !goesOn) await worker.drop(names.schema, names.id)
    if (files.length === 0) return []
    const applied = goesOn ? await worker.readApplied(names.schema) : []
    return planFrom({ direction: 'up', files, applied, unfinished: report.unfinished }, { all: true })
  }

  async #withWorker<T>(
    names: TenantNames,
    work: (worker: MigrationWorker, report: SchemaReport) => Promise<T>,
    atOnce: (worker: MigrationWorker) => Promise<T | undefined> = async () => undefined,
  ): Promise<T> {
    return this.#workers.lend(
      async (worker) =>
        (await atOnce(worker)) ??
        worker.withLock(names.schema, names.id, async () => work(worker, await worker.inspect(names.schema))),
    )
  }

  async #migrateOn(
    worker: MigrationWorker,
    report: SchemaReport,
    names: TenantNames,
    direction: Direction,
    { allowOutOfOrder, allowChanged = false, ...target }: MigrateOptions,
  ): Promise<MigrationResult> {
    expectWhole(this.#parts, names, report)
    const files = await this.#files()
    const applied = await worker.readApplied(names.schema)
    const { unfinished } = report
    const steps = planFrom({ direction, files, applied, unfinished, allowOutOfOrder }, target)
    await worker.checkUnchanged?.(names.schema, files, allowChanged)
    await worker.apply(names.schema, names.id, steps)
    const result = resultOf(names, direction, steps)
    const { versions } = result
    if (versions.length > 0)
      await this.afterMigrate({ tenant: names.id, schema: names.schema, direction, versions })
    return result
  }

  #files(): Promise<readonly MigrationFile[]> {
    return readMigrationFolder(this.#parts.migrations)
  }
}
