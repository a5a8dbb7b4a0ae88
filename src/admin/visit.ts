import type { Tenancy } from '../tenancy'
import type { Csrf } from './csrf'
import type { Failures } from './failures'
import type { FleetMemory } from './fleet-memory'
import type { AdminRequest, AdminResponse, Target } from './request'
import type { Runs } from './runs'

/** What the page does with a tenancy; any has it, whatever its records and pools are. */
export type AdminTenancy = Pick<
  Tenancy,
  | 'contents'
  | 'create'
  | 'doctor'
  | 'drift'
  | 'drop'
  | 'figures'
  | 'lint'
  | 'listDropped'
  | 'migrate'
  | 'migrateAll'
  | 'outside'
  | 'rollback'
  | 'schemaName'
  | 'status'
  | 'statusAll'
  | 'suspend'
  | 'undrop'
  | 'unsuspend'
>

/** What all requests of one mounted page share. */
export interface Desk {
  readonly tenancy: AdminTenancy
  readonly title: string
  readonly isReadOnly: boolean
  readonly csrf: Csrf
  readonly memory: FleetMemory
  readonly failures: Failures
  readonly runs: Runs
}

/** One request that was let in. */
export interface Visit extends Target {
  readonly desk: Desk
  readonly req: AdminRequest
  readonly res: AdminResponse
  /** Mount path, in front of all links. */
  readonly base: string
}
