export { TENANT_ATTRIBUTE, tenantSpans } from './tenant-spans'
export type { TenantSpanProcessor } from './tenant-spans'
