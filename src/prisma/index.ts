export { prismaPerTenant } from './per-tenant'
export type { PrismaOptions, TenancyLike, TenantParts } from './per-tenant'
