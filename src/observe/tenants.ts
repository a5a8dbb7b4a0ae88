import { channel } from 'node:diagnostics_channel'
import { performance } from 'node:perf_hooks'

/** Where it is told that a tenant was made, changed or dropped, or could not be, in the context of the call. */
export const TENANT_CHANNEL = 'rowhouse:tenant'

/** The method of a tenancy that changes a tenant. */
export type TenantAction =
  'create' | 'migrate' | 'rollback' | 'drop' | 'undrop' | 'rename' | 'adopt' | 'suspend' | 'unsuspend'

/** What a subscriber of `TENANT_CHANNEL` is given. */
export interface TenantMessage {
  /** Name of the tenancy. */
  readonly tenancy: string
  readonly action: TenantAction
  /** Tenant id; of a renamed one, the one before. */
  readonly tenant: string
  /** How long it took, in milliseconds. */
  readonly ms: number
  /** What the method returned; undefined where it failed. */
  readonly result: unknown
  /** Why it failed. */
  readonly error: unknown
}

const tenants = channel(TENANT_CHANNEL)

/** Whose change it is. */
export type TenantChange = Pick<TenantMessage, 'tenancy' | 'action' | 'tenant'>

/** Tells what becomes of a change of a tenant. @returns what `work` does */
export function toldOf<T>(change: TenantChange, work: Promise<T>): Promise<T> {
  if (!tenants.hasSubscribers) return work
  const start = performance.now()
  const tell = (outcome: Pick<TenantMessage, 'result' | 'error'>): void =>
    tenants.publish({ ...change, ms: performance.now() - start, ...outcome } satisfies TenantMessage)
  return work.then(
    (result) => {
      tell({ result, error: undefined })
      return result
    },
    (error: unknown) => {
      tell({ result: undefined, error })
      throw error
    },
  )
}
