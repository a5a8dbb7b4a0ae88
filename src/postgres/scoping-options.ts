import type { ClientBase, PoolConfig } from 'pg'
import type { Hygiene } from './hygiene'
import type { SessionOptions } from './lease'

/** How a pool scopes its connections: everything that `pg.Pool` takes, and what follows. */
export interface ScopingOptions extends Omit<PoolConfig, 'onConnect'> {
  /** Schemas behind the tenant's in its search_path, `['extensions']`. Default: none, not even `public`. */
  readonly sharedSchemas?: readonly string[] | undefined
  /** When session state is cleared between tenants. Default `auto`. See {@link Hygiene}. */
  readonly hygiene?: Hygiene | undefined
  /**
   * `session`: declares that a pooler stands in between and pools whole sessions. Default `none`: the backend must be
   * the one that was connected to.
   */
  readonly pooler?: SessionOptions['pooler'] | undefined
  /**
   * `local`: each switch ends with its transaction and nothing is left on a connection, for a pooler of transactions in
   * between. Default `session`.
   */
  readonly mode?: SessionOptions['mode'] | undefined
  /**
   * `role`: each tenant has a role of its own, and the server refuses what reaches into another tenant. The application's
   * role has no rights in tenants but by these roles. Default `schema`. See docs/hard-isolation.md.
   */
  readonly isolation?: SessionOptions['isolation'] | undefined
  /**
   * How many connections of the pool a tenant may have at once; more calls of it wait, and nobody waits behind them. Default:
   * all of them.
   */
  readonly maxPerTenant?: number | undefined
  /**
   * How many tenants a connection serves before it is replaced, so that no backend learns the tables of all. Default 1,000.
   */
  readonly maxTenantsPerConnection?: number | undefined
  /** Sets up each new connection, outside every tenant; the pool waits for it. What it sets outlives the clearing of sessions. */
  readonly onConnect?: ((client: ClientBase) => void | Promise<void>) | undefined
}
