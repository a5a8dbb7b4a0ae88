import { ConfigError } from '../errors'
import type { Tenant } from '../tenant/context'
import type { RequestParts } from './gate'

/** A tenancy, as far as adapters of frameworks show it: what `createTenancy` returns. */
export interface TenancyLike<Record> {
  current(): Tenant<Record> | undefined
}

/** The records of a tenancy: `TenantRecord<typeof tenancy>`, for the types of a framework's requests. */
export type TenantRecord<Tenancy extends TenancyLike<unknown>> = NonNullable<
  NonNullable<ReturnType<Tenancy['current']>>['record']
>

const partsOfTenancies = new WeakMap<object, RequestParts<never>>()

/** Notes what a tenancy lends the adapters of frameworks, which are no part of it. */
export function rememberParts<Record>(tenancy: TenancyLike<Record>, parts: RequestParts<Record>): void {
  partsOfTenancies.set(tenancy, parts as unknown as RequestParts<never>)
}

/** What a tenancy lends. @throws {@link ConfigError} for what is no tenancy of this copy of the package */
export function partsOf<Record>(tenancy: TenancyLike<Record>): RequestParts<Record> {
  const parts = partsOfTenancies.get(Object(tenancy) as object)
  // Noted under this very tenancy, whose records are of this type.
  if (parts !== undefined) return parts
  throw new ConfigError([
    'An adapter of a framework needs a tenancy, made by createTenancy() of the same installed copy of rowhouse.',
  ])
}

/** The name under which messages of requests tell of a tenancy; undefined where another copy of the package has made it. */
export function nameInMessages(tenancy: TenancyLike<unknown>): string | undefined {
  return partsOfTenancies.get(tenancy)?.name
}
