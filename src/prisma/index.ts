export { prismaPerTenant } from './per-tenant'
export type { PrismaClientLike, PrismaOptions, TenancyLike, TenantParts } from './per-tenant'
