export { TenantPool } from './pool'
export type { TenantPoolConfig } from './pool'
export type { ScopingOptions } from './scoping-options'
export { postgres } from './postgres'
export type { PostgresOptions } from './postgres'
export type { Hygiene } from './hygiene'
/** What `up` and `down` of a migration get: node-pg-migrate's. */
export type { MigrationBuilder } from 'node-pg-migrate' with { 'resolution-mode': 'import' }
