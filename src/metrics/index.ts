export { tenancyMetrics } from './tenancy-metrics'
export type { TenancyMetricsOptions } from './tenancy-metrics'
