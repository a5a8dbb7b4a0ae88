import { TenantRequiredError } from '../errors'
import { onAdmitted, onTurnedAway } from '../observe/requests'
import type { TenantContext } from '../tenant/context'
import { createAdmit } from './admit'
import type { AdmitOptions, AdmitParts, AdmittedTenant } from './admit'

/** A tenancy, as far as requests need it. */
export interface RequestParts<Record> extends AdmitParts<Record> {
  /** Tells the tenancy from others. */
  readonly name: string
  readonly context: TenantContext<Record>
}

/** A request that was let in. */
export interface Passage<Record> {
  /** Undefined where the request names none and none is required. */
  readonly tenant: AdmittedTenant<Record> | undefined
  /** Calls the rest of the request as its tenant; without one, as things are. */
  readonly run: <T>(rest: () => T) => T
}

/** Decides about a request, and remembers the answer on `holder`, by default the request itself. */
export type Gate<Req, Record> = (req: Req, holder?: object) => Promise<Passage<Record>>

// Two copies of this package find each other's tenants.
const ADMITTED = Symbol.for('rowhouse.admitted.1')

/** Tenancy -> the tenant a request was admitted to; undefined where it named none and none was required. */
type Admitted = ReadonlyMap<string, AdmittedTenant | undefined>

/**
 * Makes what every framework's middleware is a mouth of. The gate rejects as {@link createAdmit} says.
 *
 * @throws {@link ConfigError} as {@link createAdmit}
 */
export function createGate<Req extends object, Record>(
  options: AdmitOptions<Req, Record>,
  parts: RequestParts<Record>,
): Gate<Req, Record> {
  const admit = createAdmit(options, parts)
  return async (req, holder = req) => {
    const tenant = await admit(req).catch((error: unknown) => {
      onTurnedAway(parts.name, error)
      throw error
    })
    remember(holder, parts.name, tenant)
    onAdmitted(parts.name, tenant?.id)
    return passage(parts.context, tenant)
  }
}

/** The passage of a request that was let in before. @throws {@link TenantRequiredError} where it never was */
export function passAgain<Record>(
  holder: object,
  { name, context }: Pick<RequestParts<Record>, 'name' | 'context'>,
  what: string,
): Passage<Record> {
  const admitted = admittedOf(holder)
  if (!admitted?.has(name)) throw new TenantRequiredError(what)
  // Only this tenancy wrote under its name.
  return passage(context, admitted.get(name) as AdmittedTenant<Record> | undefined)
}

function passage<Record>(
  context: TenantContext<Record>,
  tenant: AdmittedTenant<Record> | undefined,
): Passage<Record> {
  return { tenant, run: (rest) => (tenant === undefined ? rest() : context.run(tenant, rest)) }
}

function remember(holder: object, name: string, tenant: AdmittedTenant | undefined): void {
  // A new one: requests of a batch that are derived from one request would share what that one has.
  const admitted: Admitted = new Map([...(admittedOf(holder) ?? []), [name, tenant] as const])
  Object.defineProperty(holder, ADMITTED, { value: admitted, configurable: true })
}

function admittedOf(holder: object): Admitted | undefined {
  return (holder as { readonly [ADMITTED]?: Admitted })[ADMITTED]
}
