import { count, nameSome } from './finding'
import type { Finding } from './finding'

/** What the application's role may do in one tenant. */
export interface TenantRights {
  readonly schema: string
  readonly hasUsage: boolean
  readonly readsMark: boolean
  readonly mayCreate: boolean
  /** Owned by the role, or by one that it is a member of. */
  readonly isOwned: boolean
  /** False: neither this role nor an owner could read whose it is. */
  readonly isKnown: boolean
}

/** What the application's role is and may do. */
export interface RightsFacts {
  readonly role: string
  readonly isSuperuser: boolean
  readonly bypassesRls: boolean
  /** `migrationUrl` connects as another role. */
  readonly hasOwner: boolean
  /** Of all of them, sorted by name. */
  readonly tenants: readonly TenantRights[]
  /** Of `public` and the shared schemas, those in which the role may create. */
  readonly creatable: readonly string[]
}

/** Judges the privileges of the application's role. */
export function judgeRights(facts: RightsFacts): Finding[] {
  // A superuser passes every check of privileges, so nothing more can be said of it.
  if (facts.isSuperuser) return [superuser(facts.role)]
  return [
    ...(facts.bypassesRls ? [bypassing(facts.role)] : []),
    ...judgeUse(facts),
    ...judgeOwning(facts),
    ...judgeCreating(facts),
  ]
}

function superuser(role: string): Finding {
  return {
    code: 'role-is-superuser',
    severity: 'error',
    reason: `The application connects as "${role}", a superuser: SQL that names another schema, or the file system, is not stopped.`,
    cure: 'Connect as a role of its own, and give the owner to `migrationUrl` (docs/roles.md).',
  }
}

function bypassing(role: string): Finding {
  return {
    code: 'role-bypasses-rls',
    severity: 'warning',
    reason: `The application's role "${role}" has BYPASSRLS: no row security policy holds for it.`,
    cure: `ALTER ROLE ... NOBYPASSRLS.`,
  }
}

function judgeUse({ role, tenants }: RightsFacts): Finding[] {
  const shut = tenants.filter(({ hasUsage, readsMark }) => !(hasUsage && readsMark))
  if (shut.length === 0) return []
  const isCertain = shut.some(({ isKnown }) => isKnown)
  const withoutUsage = shut.filter(({ hasUsage }) => !hasUsage).length
  return [
    {
      code: 'tenant-not-usable',
      severity: isCertain ? 'error' : 'warning',
      reason:
        `The application's role "${role}" can't work in ${shut.length} of ${tenants.length} tenants (USAGE is missing on ` +
        `${withoutUsage}, SELECT on the table _rowhouse alone on ${shut.length - withoutUsage}): ` +
        `${nameSome(shut.map(({ schema }) => schema))}.${isCertain ? '' : ' They may be of another tenancy.'}`,
      cure: 'GRANT USAGE ON SCHEMA and SELECT on its _rowhouse to the role, or create tenants with `applicationRole`, which grants it.',
    },
  ]
}

function judgeOwning({ role, tenants, hasOwner }: RightsFacts): Finding[] {
  const owned = tenants.filter(({ isOwned, isKnown }) => isOwned && isKnown)
  if (owned.length === 0) return []
  return [
    {
      code: 'role-owns-tenants',
      severity: 'warning',
      reason:
        `The application's role "${role}" owns ${owned.length} of ${tenants.length} tenants' schemas, or is a member of their ` +
        `owner, and may change and drop their tables: ${nameSome(owned.map(({ schema }) => schema))}.`,
      cure: hasOwner
        ? 'ALTER SCHEMA ... OWNER TO the role of `migrationUrl` (and the tables), or REVOKE the membership.'
        : 'Give the schemas to an owner of their own and its connection to `migrationUrl` (docs/roles.md).',
    },
  ]
}

function judgeCreating({ role, tenants, hasOwner, creatable }: RightsFacts): Finding[] {
  // Without an owner beside it the role has to create.
  if (!hasOwner) return []
  const inTenants = tenants.filter(({ mayCreate, isOwned, isKnown }) => mayCreate && !isOwned && isKnown)
  const schemas = [...creatable, ...inTenants.map(({ schema }) => schema)]
  if (schemas.length === 0) return []
  return [
    {
      code: 'role-may-create',
      severity: 'warning',
      reason:
        `The application's role "${role}" may create tables and functions in ${count(schemas.length, 'schema')}, although ` +
        `\`migrationUrl\` has an owner for that: ${nameSome(schemas)}.`,
      cure: 'REVOKE CREATE ON SCHEMA ... FROM the role (of `public`: FROM PUBLIC).',
    },
  ]
}
