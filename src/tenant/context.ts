import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { types } from 'node:util'
import { TenantMismatchError, TenantRequiredError } from '../errors'
import type { SchemaName } from './schema-name'
import type { TenantId } from './tenant-id'

/** The tenant of a call chain. */
export interface Tenant<Record = unknown> {
  /** `acme` */
  readonly id: TenantId
  /** `tenant_acme` */
  readonly schema: SchemaName
  /** What the directory of the request half knows of it; undefined in `run()` of a job or script. */
  readonly record?: Record | undefined
  /** Newest applied version as of at most a second before the request, where the middleware asks for it (`schemaVersion: true`). */
  readonly schemaVersion?: number | undefined
}

/** Says "no tenant, on purpose": shared tables only. */
export const WITHOUT_TENANT = 'without-tenant'

/** What a call chain is allowed to touch: one tenant, or explicitly none. */
export type Scope<Record = unknown> = Tenant<Record> | typeof WITHOUT_TENANT

/** A transaction of a call chain, as far as the context knows it. */
export interface ContextTransaction {
  /** Work can still join it. */
  readonly isOpen: boolean
}

/** The scope of one tenancy, and those of others around it: several tenancies of a process never see each other's. */
interface Store {
  readonly name: string
  readonly scope: Scope
  readonly transaction: ContextTransaction | undefined
  readonly outer: Store | undefined
}

// Two copies of this package, or of its ESM and CommonJS faces, would otherwise have two stores and "no tenant" in one.
const KEY = Symbol.for('rowhouse.context.1')
const shared = globalThis as { [KEY]?: AsyncLocalStorage<Store | undefined> }
const storage = (shared[KEY] ??= new AsyncLocalStorage<Store | undefined>())

/** What a nested call replaces must not be kept: work that begins its successor in its own context would never let go of any. */
function without(name: string, store: Store | undefined): Store | undefined {
  if (store === undefined) return undefined
  if (store.name === name) return store.outer
  const outer = without(name, store.outer)
  return outer === store.outer ? store : { ...store, outer }
}

/** Calls `work` in a store. What is lazy begins in it, too: the `await` outside would begin it as somebody else's. */
function startedIn<T>(store: Store | undefined, work: () => T): T {
  return storage.run(store, () => begun(work()))
}

function begun<T>(result: T): T {
  return isLazy(result) ? (Promise.resolve(result) as T) : result
}

/** What mysql2 returns beside a callback has a `then`, which throws, and no `catch`. */
function isLazy(result: unknown): boolean {
  const { then, catch: onReject } = (result ?? {}) as { then?: unknown; catch?: unknown }
  return typeof then === 'function' && typeof onReject === 'function' && !types.isPromise(result)
}

/** The place of one tenancy in the asynchronous context. */
export class TenantContext<Record = unknown> {
  readonly #name: string

  /** @param name - tells the tenancy from others; contexts of one name share their tenant */
  constructor(name: string) {
    this.#name = name
  }

  /**
   * Calls `work` with this tenant as the current one and returns what it returns. Nested calls restore the outer tenant. A
   * query that begins only where it is awaited, as a query builder's does, is begun here: its promise is what is returned.
   *
   * @throws {@link TenantMismatchError} inside an open transaction of another tenant, which `work` would not be part of
   */
  run<T>(tenant: Tenant<Record>, work: () => T): T {
    const { id, schema, record, schemaVersion } = tenant
    if (record === undefined && Object.isFrozen(tenant)) return startedIn(this.#storeWith(tenant), work)
    const own = Object.freeze({
      ...{ id, schema },
      ...(record === undefined ? {} : { record }),
      ...(schemaVersion === undefined ? {} : { schemaVersion }),
    })
    return startedIn(this.#storeWith(own), work)
  }

  /** Calls `work` with explicitly no tenant: queries reach shared tables only. */
  withoutTenant<T>(work: () => T): T {
    return startedIn(this.#storeWith(WITHOUT_TENANT), work)
  }

  /** Calls `work` with its queries joined to a transaction of the tenant that the caller has. */
  inTransaction<T>(transaction: ContextTransaction, work: () => T): T {
    return startedIn(this.#storeWith(this.scope() ?? WITHOUT_TENANT, transaction), work)
  }

  /** The transaction that the call chain belongs to, open or over. */
  transaction(): ContextTransaction | undefined {
    return this.#own()?.transaction
  }

  #storeWith(scope: Scope, transaction = this.#joinable(scope)): Store {
    const name = this.#name
    return { name, scope, transaction, outer: without(name, storage.getStore()) }
  }

  /** What another `run` of the same tenant goes on with. */
  #joinable(scope: Scope): ContextTransaction | undefined {
    const own = this.#own()
    const tenant = own?.scope
    if (!own?.transaction?.isOpen || scope === WITHOUT_TENANT || tenant === WITHOUT_TENANT) return undefined
    if (tenant!.schema === scope.schema) return own.transaction
    throw new TenantMismatchError(
      `A transaction of tenant "${tenant!.id}" is open here, and what runs for tenant "${scope.id}" would not be part of it. ` +
        'End the transaction first.',
      { tenant: tenant!.id },
    )
  }

  #own(): Store | undefined {
    let store = storage.getStore()
    while (store !== undefined && store.name !== this.#name) store = store.outer
    return store
  }

  /** What the call chain may touch; undefined where nobody said so. */
  scope(): Scope<Record> | undefined {
    return this.#own()?.scope as Scope<Record> | undefined
  }

  /** The tenant of the call chain, or undefined. */
  current(): Tenant<Record> | undefined {
    const scope = this.scope()
    return scope === WITHOUT_TENANT ? undefined : scope
  }

  /** @throws {@link TenantRequiredError} where the call chain has no tenant. */
  require(): Tenant<Record> {
    const tenant = this.current()
    if (tenant === undefined) throw new TenantRequiredError('This call')
    return tenant
  }
}

/**
 * Calls `work` outside every tenant. Sockets open here, so that a callback of the driver sees no tenant instead of the
 * one who happened to open the connection. Not `exit()`: on Node 20 that also blinds bound callbacks.
 */
export function outsideTenants<T>(work: () => T): T {
  return storage.run(undefined, work)
}

/** {@link outsideTenants} for work of the application's: what is lazy begins there, too, as in {@link TenantContext.run}. */
export function leaveTenants<T>(work: () => T): T {
  return startedIn(undefined, work)
}

/** A value that travels along a call chain, through code of others that knows nothing of it. */
export class CarriedValue<T> {
  readonly #storage = new AsyncLocalStorage<T | undefined>()

  /** Calls `work` with this value; undefined means that there is none. */
  carry<Result>(value: T | undefined, work: () => Result): Result {
    return this.#storage.run(value, work)
  }

  /** What the call chain carries. */
  current(): T | undefined {
    return this.#storage.getStore()
  }
}

/** Binds a function to the whole asynchronous context of the moment, ours and every other library's. */
export function bindToContext<Args extends unknown[], Result>(
  work: (...args: Args) => Result,
): (...args: Args) => Result {
  // AsyncResource.bind() of Node 20 sets `this` to undefined; drivers and emitters rely on it.
  const resource = new AsyncResource('rowhouse')
  return function (this: unknown, ...args: Args): Result {
    return resource.runInAsyncScope(work, this, ...args)
  }
}

/** {@link bindToContext} for work of the application's: what is lazy begins there, too, as in {@link TenantContext.run}. */
export function bindWork<Args extends unknown[], Result>(
  work: (...args: Args) => Result,
): (...args: Args) => Result {
  return bindToContext(function (this: unknown, ...args: Args) {
    return begun<Result>(Reflect.apply(work, this, args))
  })
}
