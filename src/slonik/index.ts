export { createTenantSlonik } from './create-tenant-slonik'
export type { TenantSlonikOptions } from './create-tenant-slonik'
