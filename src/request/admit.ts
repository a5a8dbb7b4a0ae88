import type { MigrationProgress } from '../engine'
import {
  ConfigError,
  TenantForbiddenError,
  TenantMigratingError,
  TenantIdError,
  TenantNotFoundError,
  TenantSuspendedError,
  TenantUnresolvedError,
} from '../errors'
import type { Tenant } from '../tenant/context'
import type { SchemaName } from '../tenant/schema-name'
import type { TenantId } from '../tenant/tenant-id'
import type { Directory } from './directory'
import type { RequestLike } from './request-like'
import { isBlank } from './resolver'
import type { Resolver } from './resolver'

/** A tenant that the directory knows. */
export interface AdmittedTenant<Record = unknown> extends Tenant<Record> {
  /** What the directory knows of it. */
  readonly record: Record
}

/** Who is let in, and what the others are told. */
export interface AdmitOptions<Req = RequestLike, Record = unknown> {
  /** Where a request names its tenant: `fromPath('tenantId')`. */
  readonly resolve: Resolver<Req>
  /**
   * Whether this request may use this tenant; only `true` admits. Needed where the name is spoofable. It sees suspended
   * tenants, too. What it throws goes to the error handling as it is.
   */
  readonly authorize?: ((req: Req, tenant: AdmittedTenant<Record>) => boolean | Promise<boolean>) | undefined
  /** Says that a spoofable name is certain all the same: a gateway checks it, or the tenants' data is public. */
  readonly trustResolution?: true | undefined
  /** Default true: a request without a tenant gets 400. With false its handler runs without one, and a query there fails. */
  readonly required?: boolean | undefined
  /** Status for a suspended tenant, said to authorised callers only. Default 403. */
  readonly suspended?: 403 | 503 | undefined
  /** Seconds in the `Retry-After` of a 503. Default 60 for a suspended tenant, 5 for one that is being migrated. */
  readonly retryAfterSeconds?: number | undefined
  /** Status for a tenant that is being migrated. Default: it is served. Costs one question per tenant and second. */
  readonly migrating?: 503 | undefined
  /** Puts the newest applied version into `tenancy.current().schemaVersion`. Default false. Costs the same question. */
  readonly schemaVersion?: boolean | undefined
  /** Status for a tenant that the caller may not use. Default 404, the same answer as for one that does not exist. */
  readonly notAuthorized?: 404 | 403 | undefined
}

/** What a tenancy knows and the request half needs. */
export interface AdmitParts<Record> {
  /** Checks a raw name and names its schema; throws {@link TenantIdError}. */
  readonly parse: (raw: unknown) => { readonly id: TenantId; readonly schema: SchemaName }
  readonly directory: Pick<Directory<Record>, 'find'>
  /** How far the migrations of a tenant are. */
  readonly readProgress: (id: TenantId) => Promise<MigrationProgress>
}

/** Resolves to the tenant of a request, or to undefined where it names none and none is required; rejects for the others. */
export type Admit<Req, Record> = (req: Req) => Promise<AdmittedTenant<Record> | undefined>

/**
 * Decides about requests, whatever the framework: resolve, parse, find, authorise.
 *
 * The result rejects with {@link TenantUnresolvedError} 400, {@link TenantNotFoundError} 404 (no such tenant, an id that
 * could be none, and by default a caller who may not use it), {@link TenantSuspendedError} 403 or 503,
 * {@link TenantMigratingError} 503 and {@link TenantForbiddenError} 403 if asked for, or what the directory or `authorize` throws.
 *
 * @throws {@link ConfigError} for a spoofable name that nothing authorises, and for other mistakes in the options
 */
export function createAdmit<Req, Record>(
  options: AdmitOptions<Req, Record>,
  { parse, directory, readProgress }: AdmitParts<Record>,
): Admit<Req, Record> {
  const problems = findProblems(options)
  if (problems.length > 0) throw new ConfigError(problems)
  const { resolve: resolver, authorize, required = true, migrating, retryAfterSeconds = 5 } = options
  const asksProgress = migrating !== undefined || options.schemaVersion === true

  return async (req) => {
    const raw = await resolver.resolve(req)
    if (isBlank(raw)) {
      if (!required) return undefined
      throw new TenantUnresolvedError(
        `This request names no tenant (${resolver.name}) and its route needs one.`,
      )
    }
    const { id, schema } = parseOrRefuse(raw, parse)
    const entry = await directory.find(id)
    if (!entry) throw new TenantNotFoundError(undefined, { tenant: id })
    const tenant: AdmittedTenant<Record> = { id, schema, record: entry.record }
    // Before the state: who may not use a tenant is not told that it is suspended, because that says that it exists.
    if (authorize && (await authorize(req, tenant)) !== true) throw notAuthorized(id, options)
    if (entry.state !== 'active') throw suspended(id, options)
    if (!asksProgress) return tenant
    const { isMigrating, version } = await readProgress(id)
    if (isMigrating && migrating !== undefined)
      throw new TenantMigratingError(retryAfterSeconds, { tenant: id })
    return { ...tenant, schemaVersion: version }
  }
}

function findProblems<Req, Record>(options: AdmitOptions<Req, Record>): string[] {
  const {
    resolve,
    authorize,
    trustResolution,
    suspended = 403,
    notAuthorized = 404,
    retryAfterSeconds = 0,
  } = options
  const problems: string[] = []
  // The types say most of this; an application in JavaScript has no types.
  if (typeof resolve?.resolve !== 'function') {
    problems.push("`resolve` needs a resolver, such as fromPath('tenantId').")
  } else if (resolve.trust !== 'trusted' && !authorize && trustResolution !== true) {
    problems.push(
      `Anyone can type the tenant that is read from the ${resolve.name}. Give ` +
        '`authorize: (req, tenant) => ...`, which says whether the caller may use it, or `trustResolution: true` if it is certain.',
    )
  }
  if (authorize !== undefined && typeof authorize !== 'function')
    problems.push('`authorize` needs a function.')
  if (options.migrating !== undefined && options.migrating !== 503) problems.push('`migrating` is 503.')
  if (suspended !== 403 && suspended !== 503) problems.push('`suspended` is 403 or 503.')
  if (notAuthorized !== 404 && notAuthorized !== 403) problems.push('`notAuthorized` is 404 or 403.')
  if (!Number.isSafeInteger(retryAfterSeconds) || retryAfterSeconds < 0) {
    problems.push('`retryAfterSeconds` is a whole number from 0.')
  }
  return problems
}

function parseOrRefuse<Parsed>(raw: unknown, parse: (raw: unknown) => Parsed): Parsed {
  try {
    return parse(raw)
  } catch (error) {
    // The same answer as for an unknown tenant: which ids are reserved or too long is nobody's business.
    throw error instanceof TenantIdError ? new TenantNotFoundError(undefined, { cause: error }) : error
  }
}

function notAuthorized<Req, Record>(tenant: TenantId, options: AdmitOptions<Req, Record>): Error {
  return options.notAuthorized === 403
    ? new TenantForbiddenError({ tenant })
    : new TenantNotFoundError(undefined, { tenant })
}

function suspended<Req, Record>(tenant: TenantId, options: AdmitOptions<Req, Record>): Error {
  const { suspended: status = 403, retryAfterSeconds = 60 } = options
  return new TenantSuspendedError({
    tenant,
    status,
    retryAfterSeconds: status === 503 ? retryAfterSeconds : undefined,
  })
}
