import type { AdmitOptions } from '../request/admit'
import { createGate } from '../request/gate'
import type { Gate } from '../request/gate'
import { partsOf } from '../request/parts-of'
import type { TenancyLike } from '../request/parts-of'
import type { RequestLike } from '../request/request-like'
import type { Resolver } from '../request/resolver'

/** Who is let in, and what the others are told: as of `tenancy.middleware`, for the requests of a framework. */
export interface AdapterOptions<Req, Record> extends Omit<AdmitOptions<Req, Record>, 'resolve'> {
  /** Where a request names its tenant: `fromPath('tenantId')`, or a resolver of the framework's own requests. */
  readonly resolve: Resolver | Resolver<Req>
}

/**
 * The gate of a tenancy, for the requests of a framework.
 *
 * @throws {@link ConfigError} for a spoofable name that nothing authorises, for other mistakes in the options, and for
 * what is no tenancy
 */
export function adapterGate<Req extends object, Record>(
  tenancy: TenancyLike<Record>,
  options: AdapterOptions<Req, Record>,
): Gate<Req, Record> {
  // What each adapter passes is a `RequestLike`, whatever else its framework's types say of `params`.
  return createGate(options as AdmitOptions<Req & RequestLike, Record>, partsOf(tenancy)) as Gate<Req, Record>
}
