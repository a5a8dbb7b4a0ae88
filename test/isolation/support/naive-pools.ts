import { AsyncLocalStorage } from 'node:async_hooks'
import { Pool } from 'pg'
import type { PoolClient } from 'pg'
import { POOL_SIZE } from './subjects'
import type { Subject } from './subjects'
import type { Town } from './town'

/** Where these pools keep the tenant. */
const store = new AsyncLocalStorage<string | undefined>()

type Use = (
  error: Error | undefined,
  client: PoolClient | undefined,
  done: (release?: unknown) => void,
) => void
type SetPath = (client: PoolClient, tenant: string | undefined) => Promise<unknown>

/**
 * A common way to scope a pool. Called when the pool is made; what it gives is called where the application asks for a
 * connection; and what that gives, where the driver hands the connection over.
 */
type Recipe = (setPath: SetPath) => () => (client: PoolClient) => Promise<unknown>

/** "Read the store where the connection is used": but in whose context does the driver call back? */
const readStoreLate: Recipe = (setPath) => () => (client) => setPath(client, store.getStore())

/** "Save the round trip when the connection is on its path already": but who says that it still is? */
const believePath: Recipe = (setPath) => {
  const believed = new WeakMap<PoolClient, string | undefined>()
  return () => {
    const tenant = store.getStore()
    return async (client) => {
      if (believed.get(client) === tenant) return
      await setPath(client, tenant)
      believed.set(client, tenant)
    }
  }
}

/** Right on a connection of its own: behind a pooler of transactions the next query runs on another one. */
const setEachTime: Recipe = (setPath) => () => {
  const tenant = store.getStore()
  return (client) => setPath(client, tenant)
}

/** The naive pools by name. */
export const RECIPES = {
  'reads the store late': readStoreLate,
  'believes its path': believePath,
  'sets its path each time': setEachTime,
} as const

class NaivePool extends Pool {
  readonly #begin: ReturnType<Recipe>

  constructor(town: Town, recipe: Recipe, connectionString: string) {
    super({ connectionString, application_name: town.applicationName, max: POOL_SIZE })
    this.#begin = recipe((client, tenant) =>
      client.query(
        tenant === undefined ? 'reset search_path' : `set search_path to "${town.schema(tenant)}"`,
      ),
    )
  }

  /** `pool.query` comes here as well, with a callback. */
  override connect(): Promise<PoolClient>
  override connect(use: Use): void
  override connect(use?: Use): Promise<PoolClient> | void {
    const prepare = this.#begin()
    if (use === undefined) {
      return super.connect().then((client) =>
        prepare(client).then(
          () => client,
          (error: Error) => {
            client.release(error)
            throw error
          },
        ),
      )
    }
    super.connect((error, client, done) => {
      if (error || client === undefined) return use(error, client, done)
      prepare(client).then(
        () => use(undefined, client, done),
        (problem: Error) => {
          done(problem)
          use(problem, undefined, () => {})
        },
      )
    })
  }
}

/**
 * A pool of pg with a tenant in AsyncLocalStorage, as one finds it described.
 *
 * @param url - of what stands in between
 */
export function naiveSubject(town: Town, name: keyof typeof RECIPES, url = town.server.appUrl): Subject {
  const pool = new NaivePool(town, RECIPES[name], url)
  pool.on('error', () => {})
  // Backends die while the path is being set, too, when neither pool nor application listens.
  pool.on('connect', (client) => client.on('error', () => {}))
  return {
    name,
    pool,
    isGuarded: false,
    enter: (req, _res, next) => store.run(req.params.tenantId as string, next),
    current: () => store.getStore(),
    run: (tenant, work) => store.run(tenant, work),
    withoutTenant: (work) => store.run(undefined, work),
    close: () => pool.end(),
  }
}
