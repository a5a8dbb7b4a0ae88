import { randomBytes } from 'node:crypto'
import type { MigrationWorker } from '../engine'
import { TenantNotFoundError } from '../errors'
import { engineOf } from '../engine-of'
import type { SchemaName } from '../tenant/schema-name'
import type { TenantId, TenantInput } from '../tenant/tenant-id'

/** What is needed of a tenancy; every one has it. */
export interface CreatingTenancy {
  schemaName(tenant: TenantInput): SchemaName
  create(tenant: TenantInput, options: { readonly ifExists: 'error' }): Promise<unknown>
  drop(tenant: TenantInput): Promise<unknown>
}

/** How temporary tenants are made. */
export interface TemporaryTenantsOptions {
  /**
   * Makes an id that the tenancy's rules allow, from a text of small letters and digits that no other tenant has. Default:
   * `tmp` and that text.
   */
  readonly id?: ((unique: string) => string) | undefined
  /**
   * Is called for each new tenant, and again after each `reset()`, to fill it. What it throws, `create` and `reset` throw;
   * the tenant is dropped with the others.
   */
  readonly onCreate?: ((id: string) => unknown) | undefined
}

/** How many are made or dropped at once: each takes a connection of the owner's. */
const AT_ONCE = 4

/** Tenants for one test file. They are dropped by `drop()`, or at the end of an `await using`. */
export class TemporaryTenants {
  readonly #tenancy: CreatingTenancy
  readonly #options: TemporaryTenantsOptions
  /** Id -> what the tenant was when it was made; undefined where it can't be emptied. */
  readonly #made = new Map<string, string | undefined>()

  /** Made by {@link temporaryTenants}. */
  constructor(tenancy: CreatingTenancy, options: TemporaryTenantsOptions) {
    this.#tenancy = tenancy
    this.#options = options
  }

  /**
   * Makes tenants, with all migrations.
   *
   * @param count - how many
   * @returns their ids
   * @throws what `tenancy.create` throws, and `onCreate`
   */
  async create<Count extends number = 1>(count = 1 as Count): Promise<Ids<Count>> {
    const { id: idOf = (unique) => `tmp${unique}`, onCreate } = this.#options
    const ids = Array.from({ length: count }, () => idOf(randomBytes(5).toString('hex')))
    await someAtOnce(ids, async (id) => {
      await this.#make(id)
      await onCreate?.(id)
    })
    return ids as unknown as Ids<Count>
  }

  /**
   * Brings all of them back to what they were when they were made: the same ids, the migrations' tables, no rows, sequences
   * at their start. On PostgreSQL they are emptied, where that is certain to be the same; else they are dropped and made anew.
   *
   * @returns how many were emptied, and how many were made anew
   * @throws MigrationLockedError while a transaction is open in one of them; what `onCreate` throws
   */
  async reset(): Promise<{ readonly emptied: number; readonly remade: number }> {
    const ids = [...this.#made.keys()]
    let emptied = 0
    await someAtOnce(ids, async (id) => {
      if (await this.#empty(id)) emptied += 1
      else {
        await this.#drop(id)
        await this.#make(id)
      }
      await this.#options.onCreate?.(id)
    })
    return { emptied, remade: ids.length - emptied }
  }

  /**
   * Drops all that were made, also those that nobody took notice of because another one failed. Once more drops only what could not be dropped before.
   *
   * @throws what `tenancy.drop` throws, behind the others; a tenant that is gone already is none of it
   */
  async drop(): Promise<void> {
    await someAtOnce([...this.#made.keys()], async (id) => {
      await this.#drop(id)
      this.#made.delete(id)
    })
  }

  /** The same as `drop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.drop()
  }

  async #make(id: string): Promise<void> {
    await this.#tenancy.create(id, { ifExists: 'error' })
    this.#made.set(id, undefined)
    const snapshot = await this.#withWorker(id, (worker, schema) => worker.snapshot?.(schema))
    this.#made.set(id, snapshot)
  }

  async #empty(id: string): Promise<boolean> {
    const snapshot = this.#made.get(id)
    if (snapshot === undefined) return false
    return (await this.#withWorker(id, (worker, schema) => worker.empty?.(schema, snapshot))) === true
  }

  async #drop(id: string): Promise<void> {
    try {
      await this.#tenancy.drop(id)
    } catch (error) {
      if (!(error instanceof TenantNotFoundError)) throw error
    }
  }

  async #withWorker<T>(
    id: string,
    work: (worker: MigrationWorker, schema: SchemaName) => Promise<T> | undefined,
  ): Promise<T | undefined> {
    const worker = await engineOf(this.#tenancy)?.openWorker()
    if (worker === undefined) return undefined
    const schema = this.#tenancy.schemaName(id)
    try {
      return await worker.withLock(schema, id as TenantId, async () => work(worker, schema))
    } finally {
      await worker.close()
    }
  }
}

/** Ids of as many tenants as were asked for. */
export type Ids<Count extends number> = number extends Count
  ? readonly string[]
  : Count extends 1
    ? readonly [string]
    : Count extends 2
      ? readonly [string, string]
      : Count extends 3
        ? readonly [string, string, string]
        : readonly string[]

/**
 * Makes tenants for tests: `const [a, b] = await temporaryTenants(tenancy).create(2)`. Nothing is made before `create`.
 *
 * @param tenancy - with `migrationUrl`, or a role that may create schemas
 */
export function temporaryTenants(
  tenancy: CreatingTenancy,
  options: TemporaryTenantsOptions = {},
): TemporaryTenants {
  return new TemporaryTenants(tenancy, options)
}

/** Does all of them, whatever fails, and throws the first failure. */
async function someAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const failures: unknown[] = []
  const next = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item).catch((error: unknown) => failures.push(error))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))
  if (failures.length > 0) throw failures[0]
}
