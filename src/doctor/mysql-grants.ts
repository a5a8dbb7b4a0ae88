import { nameSome } from './finding'
import type { Finding } from './finding'

/** Rights on one pattern of databases, as GRANT has it: `tenant\_acme`, `tenant\_%`. */
export interface DatabaseGrant {
  readonly pattern: string
  readonly rights: readonly string[]
  readonly mayGrant: boolean
}

/** What the application's account may do. */
export interface GrantFacts {
  readonly account: string
  readonly prefix: string
  /** The database of shared tables, which is the application's own. */
  readonly shared: string | undefined
  /** On `*.*`; USAGE is none. */
  readonly global: { readonly rights: readonly string[]; readonly mayGrant: boolean }
  readonly databases: readonly DatabaseGrant[]
}

/** Rights that reach into databases. The others (PROCESS, say) are the server's business. */
const ON_DATA =
  /^(ALL PRIVILEGES|SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|INDEX|REFERENCES|EXECUTE|TRIGGER|EVENT|LOCK TABLES|DELETE HISTORY|(CREATE|ALTER|SHOW) (VIEW|ROUTINE|TEMPORARY TABLES))$/

/** Judges the rights of the application's account. */
export function judgeGrants(facts: GrantFacts): Finding[] {
  return [...judgeSuper(facts), ...judgeGlobal(facts), ...judgeOutside(facts), ...judgeGranting(facts)]
}

function judgeSuper({ account, global }: GrantFacts): Finding[] {
  if (!global.rights.some((right) => right === 'SUPER' || right === 'ALL PRIVILEGES')) return []
  return [
    {
      code: 'account-has-super',
      severity: 'error',
      reason: `The application's account ${account} has SUPER: it may change settings of the server, and end sessions of others.`,
      cure: 'Connect as an account of its own, and give the owner to `migrationUrl` (docs/roles.md).',
    },
  ]
}

function judgeGlobal({ account, global }: GrantFacts): Finding[] {
  const rights = global.rights.filter((right) => ON_DATA.test(right))
  if (rights.length === 0) return []
  return [
    {
      code: 'rights-on-all-databases',
      severity: 'error',
      reason: `The application's account ${account} has rights on *.*, every database of the server: ${listSome(rights)}.`,
      cure: 'REVOKE them. `create` grants what the application needs, tenant by tenant (docs/roles.md).',
    },
  ]
}

function judgeOutside({ account, prefix, shared, databases }: GrantFacts): Finding[] {
  const outside = databases.filter(
    ({ pattern }) => !isInside(pattern, prefix) && unescape(pattern) !== shared,
  )
  if (outside.length === 0) return []
  return [
    {
      code: 'rights-outside-tenants',
      severity: 'warning',
      reason:
        `The application's account ${account} has rights on databases that do not begin with "${prefix}": ` +
        `${nameSome(outside.map(({ pattern }) => pattern))}. An "_" or "%" without a backslash stands for any letters.`,
      cure: `REVOKE them where the application has no use for them; a pattern for all tenants is \`${escape(prefix)}%\`.`,
    },
  ]
}

function judgeGranting({ account, global, databases }: GrantFacts): Finding[] {
  const places = [
    ...(global.mayGrant ? ['*'] : []),
    ...databases.filter(({ mayGrant }) => mayGrant).map(({ pattern }) => pattern),
  ]
  if (places.length === 0) return []
  return [
    {
      code: 'account-may-grant',
      severity: 'warning',
      reason: `The application's account ${account} has the GRANT OPTION on ${nameSome(places)}: it may hand its rights to others.`,
      cure: 'REVOKE GRANT OPTION ON ... FROM the account; the owner of `migrationUrl` grants.',
    },
  ]
}

/** Whether each name that the pattern stands for begins with the prefix. */
function isInside(pattern: string, prefix: string): boolean {
  const fixed = /^(?:\\.|[^\\_%])*/.exec(pattern)![0]
  return unescape(fixed).startsWith(prefix)
}

function unescape(pattern: string): string {
  return pattern.replace(/\\(.)/g, '$1')
}

function escape(name: string): string {
  return name.replace(/[\\_%]/g, '\\$&')
}

function listSome(rights: readonly string[]): string {
  const more = rights.length > 4 ? ', ...' : ''
  return `${rights.slice(0, 4).join(', ')}${more}`
}
