import { judgeConnections } from './connections'
import type { ConnectionFacts } from './connections'
import { count, listSome, nameSome } from './finding'
import type { Finding } from './finding'
import { judgeMigrations } from './migrations-connection'
import type { MigrationsConnection } from './migrations-connection'
import { judgeRights } from './postgres-rights'
import type { RightsFacts } from './postgres-rights'
import { judgeRoles } from './postgres-roles'
import type { RoleFacts } from './postgres-roles'

/** What was seen of the backends behind a few connections of the application. */
export interface BackendFacts {
  /** What the pool said when it refused the connection; undefined where it took it. */
  readonly refusal?: string | undefined
  /** Pids that each connection met, one list per round. */
  readonly rounds: readonly (readonly number[])[]
}

/** A search_path that a role or a database has by default. */
export interface DefaultPath {
  /** `role "app"`, `database "main"` */
  readonly where: string
  readonly path: string
  /** A tenant's schema in it. */
  readonly tenant?: string | undefined
}

/** A table that stands in a shared schema, and in tenants as well. */
export interface DoubledTable {
  readonly table: string
  readonly shared: string
  /** In how many of the tenants that were looked at. */
  readonly tenants: number
  /** One of them. */
  readonly example: string
}

/** What is known of a PostgreSQL set-up. */
export interface PostgresFacts {
  readonly backends: BackendFacts
  readonly migrations: MigrationsConnection
  readonly version: { readonly major: number; readonly text: string }
  readonly rights: RightsFacts
  /** Undefined where tenants have no roles. */
  readonly roles?: RoleFacts | undefined
  readonly defaultPaths: readonly DefaultPath[]
  readonly doubled: {
    readonly tables: readonly DoubledTable[]
    readonly lookedAt: number
    readonly tenants: number
  }
  readonly extensions: readonly { readonly name: string; readonly schema: string }[]
  readonly locks: {
    readonly capacity: number
    /** How the capacity comes about. */
    readonly sum: string
    readonly largest?: { readonly schema: string; readonly relations: number } | undefined
  }
  readonly connections: ConnectionFacts
}

/** Tells what is wrong with a PostgreSQL set-up. */
export function judgePostgres(facts: PostgresFacts): Finding[] {
  return [
    ...judgeBackends(facts.backends),
    ...judgeMigrations(facts.migrations, 'pooler-before-migrations'),
    ...judgeRights(facts.rights),
    ...judgeRoles(facts.roles, facts.rights.role),
    ...judgeDoubled(facts.doubled),
    ...facts.defaultPaths.map(judgeDefaultPath),
    ...judgeExtensions(facts.extensions),
    ...judgeLocks(facts.locks),
    ...judgeConnections(facts.connections),
    ...judgeVersion(facts.version),
  ]
}

function judgeBackends({ refusal, rounds }: BackendFacts): Finding[] {
  if (refusal !== undefined)
    return [
      {
        code: 'pooler-in-between',
        severity: 'error',
        reason: refusal,
        cure: 'Connect to PostgreSQL directly, say `mode: "local"`, or `pooler: "session"` where the pooler pools whole sessions.',
      },
    ]
  const [first = []] = rounds
  const moved = rounds.some((pids) => pids.some((pid, index) => pid !== first[index]))
  if (!moved && new Set(first).size === first.length) return []
  return [
    {
      code: 'pooler-not-session',
      severity: 'error',
      reason:
        `${first.length} connections met ${new Set(rounds.flat()).size} backends, and did not keep theirs (pids ` +
        `${rounds.map((pids) => pids.join(', ')).join('; then ')}): the pooler does not pool whole sessions.`,
      cure: 'Say `mode: "local"`, set the pooler to session mode (`pool_mode = session` of PgBouncer), or connect directly.',
    },
  ]
}

function judgeDoubled({ tables, lookedAt, tenants }: PostgresFacts['doubled']): Finding[] {
  if (tables.length === 0) return []
  const list = tables.map(({ table, shared, tenants: found, example }) =>
    found === 1 ? `"${shared}"."${table}" in "${example}"` : `"${shared}"."${table}" in ${found} tenants`,
  )
  return [
    {
      code: 'shared-table-in-tenant',
      severity: 'error',
      reason:
        `${count(tables.length, 'table')} of \`sharedSchemas\` ${tables.length === 1 ? 'stands' : 'stand'} in tenants, too (${lookedAt} of ${tenants} tenants were looked at): ` +
        `${listSome(list)}. A tenant that lacks one of them reads and writes the table that all share.`,
      cure: 'Drop or rename one of the two, or take the schema out of `sharedSchemas`.',
    },
  ]
}

function judgeDefaultPath({ where, path, tenant }: DefaultPath): Finding {
  return {
    code: 'search-path-default',
    severity: tenant === undefined ? 'warning' : 'error',
    reason:
      `The ${where} has the search_path ${path} by default: \`withoutTenant\` and \`tenancy.admin\` work there` +
      (tenant === undefined ? '.' : `, which is in the tenant's schema "${tenant}".`),
    cure: 'ALTER ROLE (or DATABASE) ... RESET search_path, and qualify the names of shared tables; leave it where that path is meant.',
  }
}

function judgeExtensions(extensions: PostgresFacts['extensions']): Finding[] {
  if (extensions.length === 0) return []
  const names = extensions.map(({ name, schema }) => `"${name}" in "${schema}"`)
  return [
    {
      code: 'extension-in-tenant',
      severity: 'warning',
      reason:
        `A database has each extension once, and a tenant has it in its schema: ${listSome(names)}. ` +
        'No other tenant finds its functions and types, and dropping the tenant would drop it for all.',
      cure: 'ALTER EXTENSION ... SET SCHEMA to a schema of `sharedSchemas`; create extensions there, outside of tenant migrations.',
    },
  ]
}

function judgeLocks({ capacity, sum, largest }: PostgresFacts['locks']): Finding[] {
  if (largest === undefined || largest.relations * 2 <= capacity) return []
  const { schema, relations } = largest
  return [
    {
      code: 'too-few-locks',
      severity: relations > capacity ? 'error' : 'warning',
      reason:
        `Dropping or dumping the largest tenant, ${nameSome([schema])}, locks ${relations} relations, and the server has room for ` +
        `${capacity} locks of all sessions together (${sum}); beyond it answers "out of shared memory".`,
      cure: 'Raise max_locks_per_transaction (the server must be restarted).',
    },
  ]
}

function judgeVersion({ major, text }: PostgresFacts['version']): Finding[] {
  if (major >= 18) return []
  return [
    {
      code: 'search-path-not-reported',
      severity: 'warning',
      reason: `PostgreSQL ${text} does not report search_path, as 18 does: isolation relies on the check in front of each query.`,
      cure: 'Nothing must be done. From PostgreSQL 18 on the server says by itself where each query ran.',
    },
  ]
}
