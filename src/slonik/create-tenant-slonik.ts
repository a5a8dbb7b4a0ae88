import { createPool } from 'slonik'
import type { ClientConfigurationInput, DatabasePool } from 'slonik'
import { ConfigError } from '../errors'
import type { Lease } from '../postgres/lease'
import { assertDriver } from '../postgres/driver'
import type { ScopingOptions } from '../postgres/scoping-options'
import { scopingProblems } from '../postgres/scoping-problems'
import { searchPathsOf } from '../postgres/search-paths'
import { CarriedValue } from '../tenant/context'
import type { Scope } from '../tenant/context'
import { Turns } from '../tenant/turns'
import { createTenantDriverFactory } from './driver'
import { ScopedMethods } from './scoped-methods'

/** Options of {@link createTenantSlonik}: slonik's own client configuration, and what follows. */
export interface TenantSlonikOptions
  extends
    Omit<ClientConfigurationInput, 'driverFactory'>,
    Pick<ScopingOptions, 'sharedSchemas' | 'hygiene' | 'pooler' | 'mode' | 'isolation' | 'maxPerTenant'> {
  /** The tenancy; anything that tells what the calling code may touch. Read where a method of slonik is called. */
  readonly tenancy: { scope(): Scope | undefined }
}

/** Slonik's default for `connectionRetryLimit`, which it counts all attempts in. */
const RETRY_LIMIT = 3
/** Slonik's default for `connectionTimeout`. */
const CONNECTION_TIMEOUT_MS = 5000

/**
 * As slonik's `createPool`: a pool whose queries run in the schema of the tenant that the calling code has. Without one,
 * and without `withoutTenant`, nothing is sent and `ROWHOUSE_TENANT_REQUIRED` is the answer.
 *
 * @param connectionUri - `postgres://app@localhost/database`
 * @throws ConfigError for options that scoping can't be safe with; DriverError for an unfit version of pg or slonik
 */
export async function createTenantSlonik(
  connectionUri: string,
  {
    tenancy,
    sharedSchemas = [],
    hygiene,
    pooler = 'none',
    mode = 'session',
    isolation = 'schema',
    ...options
  }: TenantSlonikOptions,
): Promise<DatabasePool> {
  const { maxPerTenant, ...configuration } = options
  assertOptions({ tenancy, sharedSchemas, hygiene, pooler, mode, isolation }, configuration)
  assertDriver()
  const turns = turnsOf(maxPerTenant, configuration.connectionTimeout)
  const leases = new CarriedValue<Lease>()
  const { connectionRetryLimit = RETRY_LIMIT, resetConnection: reset } = configuration
  const attempts = Math.max(1, connectionRetryLimit)
  const scope = (): Scope | undefined => tenancy.scope()
  const pool = await createPool(connectionUri, {
    ...configuration,
    // slonik's default is a DISCARD ALL of its own, and a round trip, at each release: the session is cleared where it
    // changes its tenant. What the application wants is done before slonik begins a release, which one that fails would
    // never end. None at all would have slonik 43 never end it, too.
    resetConnection: async () => {},
    driverFactory: createTenantDriverFactory({
      leases,
      scope,
      session: { hygiene: hygiene ?? 'auto', pooler, mode, isolation },
      attempts,
      reset,
    }),
  })
  const paths = searchPathsOf(sharedSchemas, isolation)
  return new ScopedMethods({ leases, scope, paths, turns }).ofPool(pool)
}

function turnsOf(
  maxPerTenant: number | undefined,
  timeout: TenantSlonikOptions['connectionTimeout'] = CONNECTION_TIMEOUT_MS,
): Turns | undefined {
  if (maxPerTenant === undefined) return undefined
  return new Turns({ maxPerTenant, timeoutMs: timeout === 'DISABLE_TIMEOUT' ? undefined : timeout })
}

function assertOptions(
  scoping: Parameters<typeof scopingProblems>[0] & Pick<TenantSlonikOptions, 'tenancy'>,
  configuration: object,
): void {
  const problems = scopingProblems(scoping)
  const { tenancy } = scoping as { tenancy?: Partial<TenantSlonikOptions['tenancy']> }
  if (typeof tenancy?.scope !== 'function')
    problems.push('The option `tenancy` must be a tenancy, as createTenancy() makes it.')
  if ('driverFactory' in configuration)
    problems.push("The option `driverFactory` can't be combined with a tenant pool: it brings its own.")
  if (problems.length > 0) throw new ConfigError(problems)
}
