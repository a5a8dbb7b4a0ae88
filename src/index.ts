/*
 * Words. tenant: one customer. tenant id: what the application calls it, `acme`. schema: where its tables live,
 * `tenant_acme`. prefix: `tenant_`. shared schema: behind the tenant's in its search_path, named one by one. context: the
 * tenant of a call chain. resolver: request -> raw name. scope (verb): make a connection mean one tenant's tables.
 * version: the 14-digit UTC time in front of a migration's file name. mark: the row that says whose a schema is.
 */
export { createTenancy } from './tenancy'
export type { Tenancy } from './tenancy'
export type { DefaultRecord } from './scoped-tenancy'
export type { DirectoryConfig, TenancyOptions } from './options'

export { fromClaim } from './request/from-claim'
export type { FromClaimOptions } from './request/from-claim'
export { fromCookie } from './request/from-cookie'
export type { FromCookieOptions } from './request/from-cookie'
export { fromHeader } from './request/from-header'
export { fromHostMap } from './request/from-host-map'
export type { FromHostMapOptions, HostMap } from './request/from-host-map'
export { fromJwt } from './request/from-jwt'
export type { FromJwtOptions } from './request/from-jwt'
export { fromPath } from './request/from-path'
export { fromRequest } from './request/from-request'
export { fromSession } from './request/from-session'
export { fromSubdomain } from './request/from-subdomain'
export { firstOf } from './request/resolver'
export type { AdmitOptions, AdmittedTenant } from './request/admit'
export type { ExpressMiddleware } from './request/express'
export type { TenancyLike, TenantRecord } from './request/parts-of'
export type { PlainRequest, RequestLike } from './request/request-like'
export type { RawTenant, Resolver, Trust } from './request/resolver'

export type {
  MigrationEvent,
  MigrationFailure,
  MigrationOutcome,
  MigrationReport,
  PlannedGroup,
  StopReason,
} from './fleet/events'
export type { DryRun, DryRunGroup } from './fleet/dry-run'
export type { MigrationProgress } from './engine'
export type { FleetGroup, FleetState, FleetStatus, TenantProblem } from './fleet/status-fleet'
export type { LookOptions } from './knowing-tenancy'
export type { MigrationRun } from './fleet/migrate-fleet'
export type { MigrateAllOptions } from './fleet/options'
export type {
  CreateResult,
  MigrationResult,
  RepairResult,
  TenantInfo,
  TenantResult,
  TenantStatus,
} from './lifecycle/results'
export type { TenantHandle } from './explicit/tenant-handle'
export type { TenantTables } from './explicit/tenant-tables'
export type { AnyTables, Changes, Choice, Filter, KeyOption, NewRow, Row } from './explicit/table-types'
export type { ForEachOptions, ForEachReport, TenantFailure } from './explicit/for-each-tenant'
export type { QueryAllOptions, TenantRow } from './explicit/query-all'
export type { CreatedTenant, DroppedTenant, HookedTenant, Hooks, MigratedTenant } from './lifecycle/hooks'
export type {
  DroppedInfo,
  DroppedResult,
  PurgeOptions,
  RenameResult,
  TenantDropOptions,
  UndropOptions,
} from './lifecycle/kept'
export type { Finding, FindingCode } from './doctor/finding'
export type { TenantContents, TenantFigures } from './fleet/figures'
export type { AppliedMigration, SchemaFigures, TableFigures } from './schema-facts'
export type { Drift, DriftGroup, DriftVersion } from './fleet/drift'
export type { Rehearsal } from './fleet/rehearse-all'
export type { LintCode, LintFinding } from './lint-finding'
export type { DropOptions } from './engine'
export type { BookEntry } from './lifecycle/book-entry'
export type { CreateOptions, MigrateOptions } from './lifecycle/options'
export type { Repair, UnfinishedMigration } from './engine'
export type { Target } from './migrations/target'
export { sharedKey, tenantKey } from './keys/tenant-key'
export { tenantPath } from './keys/tenant-path'
export type { WrapJobOptions } from './jobs/wrap-job'
export { CHANNELS } from './channels'
export type { ChannelMessages } from './channels'
export { tenantMixin } from './logs'
export type { TenantFields } from './logs'
export { listen } from './listen'
export type { Listeners } from './listen'
export type { FleetMessage } from './fleet/tell'
export type { CheckoutMessage } from './observe/checkouts'
export type { QueryMessage } from './observe/queries'
export type { RequestMessage } from './observe/requests'
export type { ScopeMessage } from './observe/scopes'
export type { EngineName, SwitchMessage } from './observe/switches'
export type { TenantAction, TenantMessage } from './observe/tenants'
export type { RefusalMessage } from './refusals'
export type { PoolCounts } from './observe/pool-counts'
export { ISOLATION_CHANNEL, isolationCounts } from './observe/isolation'
export type { IsolationCounts, IsolationMessage } from './observe/isolation'
export type { Scope, Tenant } from './tenant/context'
export type { SchemaName } from './tenant/schema-name'
export type { TenantId, TenantInput } from './tenant/tenant-id'

export {
  ClientReleasedError,
  ConfigError,
  DirectoryTimeoutError,
  DriverError,
  IsolationError,
  MigrationChangedError,
  MigrationFailedError,
  MigrationFolderError,
  MigrationLockedError,
  MigrationRefusedError,
  MigrationTargetError,
  MigrationUnfinishedError,
  PoolTimeoutError,
  LocalModeError,
  PoolerError,
  RowhouseError,
  SchemaNotOursError,
  SwitchError,
  TenantAccessError,
  TenantExistsError,
  TenantForbiddenError,
  TenantIdError,
  TenantInUseError,
  TenantMismatchError,
  TenantNotFoundError,
  TenantRequiredError,
  TenantMigratingError,
  TenantSuspendedError,
  TenantUnresolvedError,
} from './errors'
export {
  HookError,
  RowNotFoundError,
  SeveralRowsError,
  TenantMoveError,
  TenantPathError,
  TenantWorkError,
  TransactionError,
} from './run-errors'
export type { TransactionOptions } from './transaction/options'
export type { ErrorCode, ErrorDetails } from './errors'
