import { nameSome } from './finding'
import type { Finding } from './finding'

/** Judges tenants that lack their role. @param missing - their schemas or databases */
export function judgeMissingRoles(missing: readonly string[]): Finding[] {
  if (missing.length === 0) return []
  return [
    {
      code: 'tenant-without-role',
      severity: 'error',
      reason:
        '`isolation` is "role", and these tenants have no role, or it is not granted to the application, so that their queries ' +
        `are refused (ROWHOUSE_TENANT_ACCESS): ${nameSome(missing)}.`,
      cure: '`migrate` each of them (`rowhouse migrate --all`): it makes and grants the role.',
    },
  ]
}
