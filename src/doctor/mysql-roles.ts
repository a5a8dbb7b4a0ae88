import { nameSome } from './finding'
import type { Finding } from './finding'
import { judgeMissingRoles } from './missing-roles'
import type { GrantFacts } from './mysql-grants'

/** What is known of tenants' roles, where the server itself is to keep tenants apart. */
export interface RoleFacts {
  /** Tables in tenants' databases that the account has rights on by itself, the sight of marks left out: `tenant_a.widgets`. */
  readonly tables: readonly string[]
  /** Tenants whose role is not there, or not granted to the application. */
  readonly missing: readonly string[]
}

/** Judges roles and the rights beside them. @param roles - undefined where tenants have none */
export function judgeRoles(roles: RoleFacts | undefined, grants: GrantFacts): Finding[] {
  if (roles === undefined) return []
  return [...judgeBeside(roles, grants), ...judgeMissingRoles(roles.missing)]
}

function judgeBeside({ tables }: RoleFacts, { account, prefix, databases }: GrantFacts): Finding[] {
  const patterns = databases.map(({ pattern }) => pattern).filter((pattern) => reaches(pattern, prefix))
  const places = [...patterns, ...tables]
  if (places.length === 0) return []
  return [
    {
      code: 'rights-beside-roles',
      severity: 'error',
      reason:
        `\`isolation\` is "role", and the application's account ${account} has rights in tenants without a tenant's role (by ` +
        `itself, or by a default role): ${nameSome(places)}. Every tenant's SQL can use them.`,
      cure:
        '`migrate` takes back what an earlier `create` has granted tenant by tenant; REVOKE patterns, rights on single tables ' +
        'and default roles by hand (docs/hard-isolation.md).',
    },
  ]
}

/** Whether a pattern of GRANT may stand for a database that begins with the prefix. */
function reaches(pattern: string, prefix: string): boolean {
  const fixed = /^(?:\\.|[^\\_%])*/.exec(pattern)![0]
  const text = fixed.replace(/\\(.)/g, '$1')
  return text.startsWith(prefix) || (fixed.length < pattern.length && prefix.startsWith(text))
}
