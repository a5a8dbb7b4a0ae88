import type { ContextTransaction } from '../tenant/context'

/** Makes the lease of a loan inside a transaction, which ends with that at the latest. */
export function joinedLease<Lease extends { isActive: boolean }>(
  lease: Lease,
  transaction: ContextTransaction,
): Lease {
  let isActive = true
  return Object.defineProperty({ ...lease }, 'isActive', {
    get: () => isActive && transaction.isOpen,
    set: (value: boolean) => (isActive = value),
  })
}
