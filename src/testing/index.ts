export { assertNoLeaks, findLeaks } from './find-leaks'
export type { LeakReport, RouteReport } from './leak-run'
export type { LeakTestOptions, RequestParts, TestedTenancy } from './leak-options'
export type { Leak, LeakKind } from './leak'
export { LeakError } from './leak-error'
export type { ProbedTenant, Route, RouteInput } from './routes'

export { recordingEngine } from './recording-engine'
export type { RecordingEngine, RecordingOptions } from './recording-engine'
export type { QueryAnswer, QueryMatch, RecordedQuery, Reply } from './recorder'
export type { RecordedConfig, RecordedResult, RecordingClient, RecordingPool } from './recording-pool'
export type {
  RecordedMysqlConfig,
  RecordedMysqlResult,
  RecordingConnection,
  RecordingMysqlPool,
} from './recording-mysql-pool'

export { temporaryTenants } from './temporary-tenants'
export type { CreatingTenancy, Ids, TemporaryTenants, TemporaryTenantsOptions } from './temporary-tenants'
