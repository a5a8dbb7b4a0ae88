import { randomBytes } from 'node:crypto'
import type { MigrationWorker } from '../engine'
import { ConfigError, RowhouseError, TenantExistsError, TenantNotFoundError } from '../errors'
import { versionOf } from '../migrations/file-name'
import { ASIDE_PREFIX } from '../schema-moves'
import type { AsideSchema, SchemaMoves } from '../schema-moves'
import type { SchemaName } from '../tenant/schema-name'
import type { TenantId } from '../tenant/tenant-id'
import { runHook } from './hooks'
import { keptUntil } from './keep'
import type { DroppedInfo, DroppedResult, PurgeOptions, RenameResult, UndropOptions } from './kept'
import type { LifecycleParts, TenantNames } from './options'
import { expectOurs, expectWhole } from './ownership'
import type { TenantResult } from './results'

/** Tenants that are put aside, brought back, or renamed. */
export class TenantMoves {
  readonly #parts: LifecycleParts

  constructor(parts: LifecycleParts) {
    this.#parts = parts
  }

  /** @throws TenantNotFoundError, SchemaNotOursError, TenantMoveError, HookError, ConfigError for a `keep` that is no time */
  async drop(names: TenantNames, keep: string | number): Promise<DroppedResult> {
    const until = keptUntil(keep)
    const info = { tenant: names.id, schema: names.schema }
    return this.#withLocks([names], async (worker, moves) => {
      await moves.clearRest?.(names.schema)
      expectWhole(this.#parts, names, await worker.inspect(names.schema))
      await runHook(this.#parts.hooks, 'beforeDrop', info)
      const aside = asideName()
      await moves.setAside(names, aside, until)
      this.#parts.onChange(names.id)
      await runHook(this.#parts.hooks, 'afterDrop', { ...info, keptUntil: until })
      return {
        status: 'ok',
        tenant: names.id,
        prefix: names.schema,
        keptAs: aside,
        keptUntil: until.toISOString(),
      }
    })
  }

  /** All of ours that are kept, of each tenant the newest first. */
  async list(): Promise<DroppedInfo[]> {
    const worker = await this.#parts.engine.openWorker()
    try {
      return (await this.#listOurs(movesOf(worker))).map(infoOf)
    } finally {
      await worker.close()
    }
  }

  /** @throws TenantNotFoundError where none is kept, TenantExistsError, SchemaNotOursError */
  async undrop(names: TenantNames, { keptAs }: UndropOptions = {}): Promise<TenantResult> {
    return this.#withLocks([names], async (worker, moves) => {
      const kept = (await this.#listOurs(moves)).filter(({ was }) => was === names.schema)
      const aside = keptAs === undefined ? kept[0] : kept.find(({ schema }) => schema === keptAs)
      if (aside === undefined) throw noneKept(names, keptAs)
      await moves.clearRest?.(names.schema)
      await this.#expectFree(worker, names)
      await moves.bringBack(aside)
      this.#parts.onChange(names.id)
      return { status: 'ok', tenant: names.id, prefix: names.schema }
    })
  }

  /**
   * Drops for good what is kept of one tenant, or of all whose time is over. What can't be dropped holds up no other.
   * @throws TenantInUseError without `cascade`, once the others are dropped
   */
  async purge({ tenant, cascade = false }: PurgeOptions & { tenant?: TenantNames }): Promise<DroppedInfo[]> {
    const purged: DroppedInfo[] = []
    const held: RowhouseError[] = []
    const isDue = ({ was, keptUntil: until }: AsideSchema): boolean =>
      tenant === undefined ? until.getTime() <= Date.now() : was === tenant.schema
    const hold = (error: unknown): void => {
      if (!(error instanceof RowhouseError)) throw error
      held.push(error)
    }
    const ids = new Map((await this.list()).map(({ tenant: id, prefix }) => [prefix, id]))
    for (const [prefix, id] of ids) {
      const names = { id: id as TenantId, schema: prefix as SchemaName }
      const purgeAll = async (_worker: MigrationWorker, moves: SchemaMoves): Promise<void> => {
        // Asked once more: somebody may have brought it back.
        for (const aside of await this.#listOurs(moves)) {
          if (aside.was !== prefix || !isDue(aside)) continue
          await moves.purge(aside, cascade).then(() => purged.push(infoOf(aside)), hold)
        }
      }
      await this.#withLocks([names], purgeAll).catch(hold)
    }
    if (held[0] !== undefined) throw held[0]
    if (tenant !== undefined && purged.length === 0) throw noneKept(tenant, undefined)
    return purged
  }

  /** @throws TenantNotFoundError, TenantExistsError, SchemaNotOursError, TenantMoveError */
  async rename(from: TenantNames, to: TenantNames): Promise<RenameResult> {
    if (from.schema === to.schema) throw new ConfigError([`Tenant "${from.id}" has that name already.`])
    return this.#withLocks([from, to], async (worker, moves) => {
      if ((await moves.isInterrupted?.(from, to)) !== true) {
        expectWhole(this.#parts, from, await worker.inspect(from.schema))
        await this.#expectFree(worker, to)
      }
      await moves.rename(from, to)
      for (const { id } of [from, to]) this.#parts.onChange(id)
      return { status: 'ok', tenant: to.id, prefix: to.schema, renamedFrom: from.id }
    })
  }

  async #expectFree(worker: MigrationWorker, names: TenantNames): Promise<void> {
    const report = await worker.inspect(names.schema)
    if (!report.exists) return
    expectOurs(this.#parts, names, report)
    throw new TenantExistsError(
      `Tenant "${names.id}" exists (schema "${names.schema}"): drop or rename it first. Nothing was changed.`,
      { tenant: names.id },
    )
  }

  async #listOurs(moves: SchemaMoves): Promise<readonly AsideSchema[]> {
    const { tenancy, prefix } = this.#parts
    const all = await moves.listAside()
    return all
      .filter((one) => one.tenancy === tenancy && one.was === prefix + one.tenant)
      .sort(
        (one, other) => compare(one.was, other.was) || other.droppedAt.getTime() - one.droppedAt.getTime(),
      )
  }

  /** Each lock on a connection of its own, since taking one gives up those before; in one order, so that no two wait for each other. */
  async #withLocks<T>(
    names: readonly TenantNames[],
    work: (worker: MigrationWorker, moves: SchemaMoves) => Promise<T>,
  ): Promise<T> {
    const [first, ...rest] = [...names].sort((one, other) => compare(one.schema, other.schema))
    const worker = await this.#parts.engine.openWorker()
    try {
      return await worker.withLock(first!.schema, first!.id, () =>
        rest.length > 0 ? this.#withLocks(rest, work) : work(worker, movesOf(worker)),
      )
    } finally {
      await worker.close()
    }
  }
}

function movesOf({ moves }: MigrationWorker): SchemaMoves {
  if (moves !== undefined) return moves
  throw new ConfigError(['This engine has no schemas that could be renamed.'])
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/** `_dropped_20261124101500_8f3a61c2d09b`: a name that no other drop has. */
function asideName(): SchemaName {
  return `${ASIDE_PREFIX}${versionOf(new Date())}_${randomBytes(6).toString('hex')}` as SchemaName
}

function infoOf({ tenant, was, schema, droppedAt, keptUntil: until }: AsideSchema): DroppedInfo {
  return {
    tenant,
    prefix: was,
    keptAs: schema,
    droppedAt: droppedAt.toISOString(),
    keptUntil: until.toISOString(),
  }
}

function noneKept(names: TenantNames, keptAs: string | undefined): TenantNotFoundError {
  if (keptAs === undefined)
    return new TenantNotFoundError(`Nothing is kept of a dropped tenant "${names.id}".`, { tenant: names.id })
  return new TenantNotFoundError(
    `Nothing is kept of tenant "${names.id}" as "${keptAs}": see listDropped().`,
    {
      tenant: names.id,
    },
  )
}
