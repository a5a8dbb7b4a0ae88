import { nameSome } from './finding'
import type { Finding } from './finding'
import { judgeMissingRoles } from './missing-roles'

/** What is known of tenants' roles, where the server itself is to keep tenants apart. */
export interface RoleFacts {
  /** Tables in tenants that the application's role has rights on by itself, the sight of marks left out: `tenant_a.widgets`. */
  readonly tables: readonly string[]
  /** Before PostgreSQL 16, and not NOINHERIT: it has the rights of every role that it is granted. */
  readonly inherits: boolean
  /** Tenants whose role is not there, not granted to the application, or may not use the schema. */
  readonly missing: readonly string[]
  /** Tenants' roles that have the rights of other roles, too: `tenant_a is a member of tenant_b`. */
  readonly members: readonly string[]
}

/** Judges roles and the rights beside them. @param roles - undefined where tenants have none */
export function judgeRoles(roles: RoleFacts | undefined, application: string): Finding[] {
  if (roles === undefined) return []
  return [
    ...judgeBeside(roles, application),
    ...judgeMissingRoles(roles.missing),
    ...judgeMembers(roles.members),
  ]
}

function judgeBeside({ tables, inherits }: RoleFacts, application: string): Finding[] {
  if (tables.length === 0 && !inherits) return []
  const why = inherits ? ", for it inherits those of the tenants' roles" : ''
  const where = tables.length === 0 ? '' : `: ${nameSome(tables)}`
  return [
    {
      code: 'rights-beside-roles',
      severity: 'error',
      reason:
        `\`isolation\` is "role", and the application's role "${application}" has rights in tenants without taking a tenant's ` +
        `role (by itself, by PUBLIC, or as a member)${why}${where}. What gives up its role can use them.`,
      cure: inherits
        ? `ALTER ROLE "${application}" NOINHERIT (before PostgreSQL 16; docs/hard-isolation.md).`
        : '`migrate` takes back what an earlier `create` has granted tenant by tenant; REVOKE the rest by hand (docs/hard-isolation.md).',
    },
  ]
}

function judgeMembers(members: readonly string[]): Finding[] {
  if (members.length === 0) return []
  return [
    {
      code: 'tenant-role-in-roles',
      severity: 'error',
      reason: `Roles of tenants have the rights of other roles, too, and so have their queries: ${nameSome(members)}.`,
      cure: 'REVOKE the memberships, as whoever granted them: `REVOKE tenant_b FROM tenant_a`.',
    },
  ]
}
