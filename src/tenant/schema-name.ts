import { TenantIdError } from '../errors'
import { isReserved } from './tenant-id'
import type { TenantId } from './tenant-id'

/** Prefix + tenant id, `tenant_acme`: the schema (on MySQL: the database) that holds one tenant's tables. Not quoted. */
export type SchemaName = string & { readonly __schemaName: true }

/** How long a schema name may be, and in which unit the server counts. */
export interface NameLimit {
  /** PostgreSQL 63, MySQL 64. */
  readonly max: number
  /** PostgreSQL counts bytes of UTF-8, MySQL characters. */
  readonly unit: 'bytes' | 'characters'
}

/** How the schema names of one tenancy are made. */
export interface SchemaNaming {
  /** Put in front of the id as it is, `tenant_`. */
  readonly prefix: string
  readonly limit: NameLimit
}

/**
 * Names the schema of a tenant. The only place where an id becomes a name.
 *
 * @param id - `acme`
 * @returns `tenant_acme`
 * @throws {@link TenantIdError} `ROWHOUSE_SCHEMA_NAME_TOO_LONG`: PostgreSQL cuts a longer name without an error, so two
 * tenants could end up in one schema. `ROWHOUSE_TENANT_ID_RESERVED`: prefix and id together make a system's name.
 */
export function schemaNameOf(id: TenantId, { prefix, limit }: SchemaNaming): SchemaName {
  const name = prefix + id
  const size = limit.unit === 'bytes' ? Buffer.byteLength(name) : [...name].length
  if (size > limit.max) {
    throw new TenantIdError(
      'ROWHOUSE_SCHEMA_NAME_TOO_LONG',
      `Schema name "${name}" has ${size} ${limit.unit} and the database keeps ${limit.max}. Use a shorter tenant id or prefix.`,
      { tenant: id, status: 404 },
    )
  }
  if (isReserved(name)) {
    throw new TenantIdError(
      'ROWHOUSE_TENANT_ID_RESERVED',
      `Schema name "${name}" is reserved by the database.`,
      {
        tenant: id,
        status: 404,
      },
    )
  }
  return name as SchemaName
}

/** Whether a schema's name begins with the prefix, letter by letter (in LIKE, `_` would stand for any letter). */
export function hasPrefix(schema: string, prefix: string): boolean {
  return schema.length > prefix.length && schema.startsWith(prefix)
}
