import { onRefusal } from './refusals'
import { RowhouseError } from './rowhouse-error'
import type { ErrorDetails } from './rowhouse-error'

export type { ErrorCode } from './error-codes'
export { RowhouseError } from './rowhouse-error'
export type { ErrorDetails } from './rowhouse-error'

/** Options, a config file or a migration folder setting is wrong. Lists every mistake at once. */
export class ConfigError extends RowhouseError {
  /** One sentence per mistake. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[], details: ErrorDetails = {}) {
    super('ROWHOUSE_CONFIG', problems.join(' '), details)
    this.problems = problems
  }
}

/** A value can't be a tenant id: wrong characters, a reserved name, or its schema name would be too long. */
export class TenantIdError extends RowhouseError {}

const CURE =
  'this call chain has none. Mount tenancy.middleware() before this route (and tenancy.resumeTenant() behind a body parser ' +
  'that loses the context), wrap the call in tenancy.run(tenant, work), or say tenancy.withoutTenant(work) for shared tables.'

/** A query was made where the running call chain has no tenant. Nothing was sent. */
export class TenantRequiredError extends RowhouseError {
  constructor(what: string, { cure = CURE, ...details }: ErrorDetails & { readonly cure?: string } = {}) {
    super('ROWHOUSE_TENANT_REQUIRED', `${what} needs a tenant and ${cure}`, details)
    // Here, so that no pool that refuses can forget to tell.
    onRefusal(this)
  }
}

/** A request names no tenant although its route needs one, or names it in a way that is not certain. Answers 400. */
export class TenantUnresolvedError extends RowhouseError {
  constructor(message = 'This request names no tenant and its route needs one.', details: ErrorDetails = {}) {
    super('ROWHOUSE_TENANT_UNRESOLVED', message, { status: 400, ...details })
  }
}

/** There is no such tenant, or the caller may not know that there is. Answers 404. */
export class TenantNotFoundError extends RowhouseError {
  constructor(message = 'Tenant not found.', details: ErrorDetails = {}) {
    super('ROWHOUSE_TENANT_NOT_FOUND', message, { status: 404, ...details })
  }
}

/** The tenant exists but the database role of this connection may not use its schema. */
export class TenantAccessError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_TENANT_ACCESS', message, details)
  }
}

/** The caller of a request may not use this tenant. Answers 403; the default is {@link TenantNotFoundError} instead. */
export class TenantForbiddenError extends RowhouseError {
  constructor(details: ErrorDetails = {}) {
    super('ROWHOUSE_TENANT_FORBIDDEN', 'This tenant is not yours to use.', { status: 403, ...details })
  }
}

/** The tenant exists and may not be served now. Answers 403 or 503, as configured. */
export class TenantSuspendedError extends RowhouseError {
  /** Seconds of the `Retry-After` header, with 503. */
  readonly retryAfterSeconds: number | undefined

  constructor(details: ErrorDetails & { readonly retryAfterSeconds?: number | undefined } = {}) {
    super('ROWHOUSE_TENANT_SUSPENDED', 'This tenant is suspended.', { status: 403, ...details })
    this.retryAfterSeconds = details.retryAfterSeconds
  }
}

/** The tenant is being migrated, and the route serves none meanwhile. Answers 503. */
export class TenantMigratingError extends RowhouseError {
  /** Seconds of the `Retry-After` header. */
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number, details: ErrorDetails = {}) {
    super('ROWHOUSE_TENANT_MIGRATING', 'This tenant is being migrated.', { status: 503, ...details })
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Whoever knows the tenants did not answer in time. Answers 503. */
export class DirectoryTimeoutError extends RowhouseError {
  constructor(timeoutMs: number, details: ErrorDetails = {}) {
    super('ROWHOUSE_DIRECTORY_TIMEOUT', `The directory of tenants did not answer within ${timeoutMs} ms.`, {
      status: 503,
      ...details,
    })
  }
}

/** A call waited too long for a connection of the pool. Nothing was sent. Answers 503. */
export class PoolTimeoutError extends RowhouseError {
  /** @param timeoutMs - how long it waited */
  constructor(tenant: string | undefined, timeoutMs: number, details: ErrorDetails = {}) {
    const who = tenant === undefined ? 'A call without a tenant' : `Tenant "${tenant}"`
    super(
      'ROWHOUSE_POOL_TIMEOUT',
      // As of pg-pool, which applications look for.
      `timeout exceeded when trying to connect: ${who} got no connection of the pool within ${timeoutMs} ms. ` +
        'Release connections sooner, or raise `max` or `maxPerTenant`.',
      { status: 503, ...details, tenant },
    )
  }
}

/** A client checked out for one tenant was used in the context of another. Nothing was sent. */
export class TenantMismatchError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_TENANT_MISMATCH', message, details)
    onRefusal(this)
  }
}

/** The tenant to be created exists already. */
export class TenantExistsError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_TENANT_EXISTS', message, { status: 409, ...details })
  }
}

/** Something outside of the tenant's schema stands on it and would be dropped along with it. Nothing was dropped. */
export class TenantInUseError extends RowhouseError {
  /** What stands on it, `view reports.all_widgets`. */
  readonly objects: readonly string[]

  constructor(message: string, details: ErrorDetails & { readonly objects: readonly string[] }) {
    super('ROWHOUSE_TENANT_IN_USE', message, details)
    this.objects = details.objects
  }
}

/** A schema has the name of a tenant's and is not marked as ours, so it is neither migrated nor dropped. */
export class SchemaNotOursError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_SCHEMA_NOT_OURS', message, details)
  }
}

/** A client was used after its release. Nothing was sent. */
export class ClientReleasedError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_CLIENT_RELEASED', message, details)
  }
}

/** The connection could not be switched to the tenant's schema; the query did not run. */
export class SwitchError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_SWITCH_FAILED', message, details)
  }
}

/** A connection was found in a state that could cross tenants, and was closed. A query on the way may or may not have run. */
export class IsolationError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_ISOLATION', message, details)
  }
}

/** With `mode: 'local'` a query would leave something on a connection that others get. Nothing was sent. */
export class LocalModeError extends RowhouseError {
  /** @param problem - what the query does, a part of a sentence */
  constructor(problem: string, details: ErrorDetails = {}) {
    const rule = "With mode: 'local' nothing outlives its transaction"
    super('ROWHOUSE_LOCAL_MODE', `${rule}: ${problem}. Nothing was sent.`, details)
  }
}

/** A connection pooler stands between us and the database, and session mode is not safe behind it. */
export class PoolerError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_POOLER_DETECTED', message, details)
  }
}

/** The installed driver lacks something that safe scoping needs. */
export class DriverError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_DRIVER_UNSUPPORTED', message, details)
  }
}

/** The migration folder holds something that can't be run in a sure order. */
export class MigrationFolderError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_MIGRATION_FOLDER', message, details)
  }
}

/** What a migration was asked to reach can't be reached from where the tenant is. Nothing was run. */
export class MigrationTargetError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_MIGRATION_TARGET', message, details)
  }
}

/** What a migration error knows of the migration. */
export interface MigrationErrorDetails extends ErrorDetails {
  /** File name without extension, `20261124101500_create_widgets`. */
  readonly migration: string
  /** Name of the tenant's schema, `tenant_acme`. */
  readonly prefix?: string | undefined
}

/** What an error of a run knows on top. */
export interface MigrationRunDetails extends MigrationErrorDetails {
  readonly versions: readonly number[]
}

/** A migration does something that would reach beyond its tenant. It was stopped before that. */
export class MigrationRefusedError extends RowhouseError {
  /** File name without extension. */
  readonly migration: string

  constructor(message: string, details: MigrationErrorDetails) {
    super('ROWHOUSE_MIGRATION_REFUSED', message, details)
    this.migration = details.migration
  }
}

/** A migration failed in the database; `cause` is the driver's error. */
export class MigrationFailedError extends RowhouseError {
  /** File name without extension. */
  readonly migration: string
  /** Name of the tenant's schema. */
  readonly prefix: string | undefined
  /** Versions that stay applied (or reverted) although the call failed, in the order they ran. */
  readonly versions: readonly number[]
  /** Number of the statement in the migration, from 1, where the engine runs them one by one. */
  readonly statement: number | undefined
  /** Its line in the file, from 1. */
  readonly line: number | undefined

  constructor(message: string, details: MigrationFailureDetails) {
    super('ROWHOUSE_MIGRATION_FAILED', message, details)
    this.migration = details.migration
    this.prefix = details.prefix
    this.versions = details.versions
    this.statement = details.statement
    this.line = details.line
  }
}

/** What is known of a migration that failed. */
export interface MigrationFailureDetails extends MigrationErrorDetails {
  readonly versions: readonly number[]
  readonly statement?: number | undefined
  readonly line?: number | undefined
}

/** An interrupted migration can't be gone on with before a person has looked: `tenancy.repair()`. Nothing was run. */
export class MigrationUnfinishedError extends RowhouseError {
  /** File name without extension. */
  readonly migration: string
  /** Name of the tenant's schema. */
  readonly prefix: string | undefined
  /** Number of the statement in doubt, from 1. */
  readonly statement: number | undefined

  constructor(message: string, details: MigrationErrorDetails & { readonly statement?: number | undefined }) {
    super('ROWHOUSE_MIGRATION_UNFINISHED', message, details)
    this.migration = details.migration
    this.prefix = details.prefix
    this.statement = details.statement
  }
}

/** The file of an applied migration is no longer what was run. Nothing was run. */
export class MigrationChangedError extends RowhouseError {
  /** File name without extension. */
  readonly migration: string

  constructor(message: string, details: MigrationErrorDetails) {
    super('ROWHOUSE_MIGRATION_CHANGED', message, details)
    this.migration = details.migration
  }
}

/** Another process or an open transaction has what the call needs, and did not let go in time. */
export class MigrationLockedError extends RowhouseError {
  /** File name without extension, where it was a migration that waited. */
  readonly migration: string | undefined
  /** Versions that stay applied (or reverted) although the call failed, in the order they ran. */
  readonly versions: readonly number[]

  constructor(message: string, details: Partial<MigrationRunDetails> = {}) {
    super('ROWHOUSE_MIGRATION_LOCKED', message, details)
    this.migration = details.migration
    this.versions = details.versions ?? []
  }
}
