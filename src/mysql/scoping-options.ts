import type { PoolOptions } from 'mysql2'
import type { Hygiene } from './hygiene'

/** How a pool scopes its connections: everything that mysql2's `createPool` takes, and what follows. */
export interface ScopingOptions extends Omit<PoolOptions, 'uri'> {
  /** Where the server is, `mysql://app@db/main`; undefined where `host` and the others say it. */
  readonly uri?: string | undefined
  /** When session state is cleared between tenants. Default `auto`. See {@link Hygiene}. */
  readonly hygiene?: Hygiene | undefined
  /**
   * `joined`: the switch travels with the query, at no round trip. `awaited`: it is answered first, for proxies that take
   * one command at a time (ProxySQL, MaxScale, RDS Proxy, Vitess). Default `joined`.
   */
  readonly switch?: 'joined' | 'awaited' | undefined
  /**
   * `role`: the server itself keeps tenants apart. Each has a role, named like its database, which travels with the switch, and
   * the account has no rights in tenants but by these roles. Default `database`. See docs/hard-isolation.md.
   */
  readonly isolation?: 'database' | 'role' | undefined
  /**
   * How many connections of the pool a tenant may have at once; more calls of it wait, and nobody waits behind them. Default:
   * all of them.
   */
  readonly maxPerTenant?: number | undefined
  /** How long a call of a tenant waits for a connection of the pool, in milliseconds. Default: without end, as of mysql2. */
  readonly acquireTimeoutMs?: number | undefined
  /** How many prepared statements the whole pool may keep on the server. Default 8,192, half of what a server allows by default. */
  readonly statementBudget?: number | undefined
}

/** Options as mysql2's types want them: without a `uri` that is undefined, as `process.env` may have it. */
export function withoutEmptyUri<Options extends { readonly uri?: string | undefined }>({
  uri,
  ...rest
}: Options): Omit<Options, 'uri'> & { readonly uri?: string } {
  return uri === undefined ? rest : { ...rest, uri }
}
