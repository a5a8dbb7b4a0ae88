import { randomBytes } from 'node:crypto'
import { TenantNotFoundError } from '../errors'
import type { TenantInput } from '../tenant/tenant-id'

/** What is needed of a tenancy; every one has it. */
export interface CreatingTenancy {
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
  /** Is called for each new tenant, to fill it; what it throws, `create` throws, and the tenant is dropped with the others. */
  readonly onCreate?: ((id: string) => unknown) | undefined
}

/** How many are made or dropped at once: each takes a connection of the owner's. */
const AT_ONCE = 4

/** Tenants for one test file. They are dropped by `drop()`, or at the end of an `await using`. */
export class TemporaryTenants {
  readonly #tenancy: CreatingTenancy
  readonly #options: TemporaryTenantsOptions
  readonly #ids = new Set<string>()

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
      await this.#tenancy.create(id, { ifExists: 'error' })
      this.#ids.add(id)
      await onCreate?.(id)
    })
    return ids as unknown as Ids<Count>
  }

  /**
   * Drops all that were made, also those that nobody took notice of because another one failed. Once more does nothing.
   *
   * @throws what `tenancy.drop` throws, behind the others; a tenant that is gone already is none of it
   */
  async drop(): Promise<void> {
    const ids = [...this.#ids]
    this.#ids.clear()
    await someAtOnce(ids, async (id) => {
      try {
        await this.#tenancy.drop(id)
      } catch (error) {
        if (!(error instanceof TenantNotFoundError)) throw error
      }
    })
  }

  /** The same as `drop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.drop()
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
