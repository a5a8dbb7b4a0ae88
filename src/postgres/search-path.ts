import { escapeIdentifier } from 'pg'
import type { Tenant } from '../tenant/context'

/** Where unqualified names of a query are to be looked up: one tenant's path, or the server's default for shared tables. */
export interface SearchPath {
  /** Canonical form, comparable with {@link canonicalPath}; undefined stands for the connection's default. */
  readonly path: string | undefined
  /** What stands behind `SET search_path TO`. */
  readonly sql: string
  /** Schema that must come first, `tenant_acme`; undefined for shared tables. */
  readonly schema: string | undefined
  /** What stands behind `SET ROLE`, `"tenant_acme"` or `NONE`; undefined where tenants have no roles. */
  readonly role: string | undefined
  /** Tenant id for messages, `acme`. */
  readonly tenant: string | undefined
  /** Messages for this path, kept by those who write them. */
  readonly wire: {
    setAndCheck?: Buffer
    set?: Buffer
    check?: Buffer
    local?: Buffer
    setLocal?: Buffer
  }
  /** How a server reports this path, once one has. */
  readonly known: { report?: string }
  /** Nothing stands behind the tenant's schema but `pg_temp`. */
  readonly isAlone: boolean
  /** Until when the schema counts as seen, on the clock of `performance.now()`. */
  readonly sighting: { until?: number | undefined }
}

/** The path for work that has explicitly no tenant: what the role has by default. */
export const DEFAULT_PATH: SearchPath = {
  path: undefined,
  sql: 'DEFAULT',
  schema: undefined,
  role: undefined,
  tenant: undefined,
  wire: {},
  known: {},
  isAlone: true,
  sighting: {},
}

/** The same where tenants have roles. */
export const DEFAULT_PATH_WITHOUT_ROLE: SearchPath = { ...DEFAULT_PATH, role: 'NONE', wire: {} }

/**
 * The path of a tenant: its schema, the shared schemas, then `pg_temp`. Named last, because PostgreSQL otherwise looks
 * there first and a temporary table would shadow the tenant's.
 *
 * @param sharedSchemas - `['extensions']`
 * @param hasRole - the tenant has a role of its schema's name
 */
export function tenantPath(tenant: Tenant, sharedSchemas: readonly string[], hasRole = false): SearchPath {
  const schemas = [tenant.schema, ...sharedSchemas, 'pg_temp']
  return {
    path: joinCanonical(schemas),
    sql: schemas.map((schema) => escapeIdentifier(schema)).join(', '),
    schema: tenant.schema,
    role: hasRole ? escapeIdentifier(tenant.schema) : undefined,
    tenant: tenant.id,
    wire: {},
    known: {},
    isAlone: sharedSchemas.length === 0,
    sighting: {},
  }
}

/**
 * Brings a search_path as the server reports it into the form of {@link SearchPath.path}.
 *
 * @param reported - `tenant_acme, "Mixed", pg_temp`
 * @returns `"tenant_acme","Mixed","pg_temp"`; undefined where the text can't be read, so that it equals no path
 */
export function canonicalPath(reported: string): string | undefined {
  const schemas: string[] = []
  const element = /\s*(?:"((?:[^"]|"")*)"|([A-Za-z_$][A-Za-z0-9_$]*))\s*(,|$)/y
  for (;;) {
    const match = element.exec(reported)
    if (match === null) return undefined
    // An unquoted `Ab` is reported as it was written and means the schema ab.
    schemas.push(match[1]?.replaceAll('""', '"') ?? match[2]!.toLowerCase())
    if (match[3] === '') return joinCanonical(schemas)
  }
}

/**
 * The same for a report that follows a switch, which nearly always is of the path that was asked for.
 *
 * @param asked - the path of the switch that is under way
 */
export function canonicalReport(reported: string, asked: SearchPath | undefined): string | undefined {
  if (asked !== undefined && asked.known.report === reported) return asked.path
  const path = canonicalPath(reported)
  if (asked !== undefined && path !== undefined && path === asked.path) asked.known.report = reported
  return path
}

function joinCanonical(schemas: readonly string[]): string {
  return schemas.map((schema) => escapeIdentifier(schema)).join(',')
}
