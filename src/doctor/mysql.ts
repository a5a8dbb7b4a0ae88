import { judgeConnections } from './connections'
import type { ConnectionFacts } from './connections'
import type { Finding } from './finding'
import { judgeMigrations } from './migrations-connection'
import type { MigrationsConnection } from './migrations-connection'
import { judgeGrants } from './mysql-grants'
import type { GrantFacts } from './mysql-grants'
import { judgeRoles } from './mysql-roles'
import type { RoleFacts } from './mysql-roles'

/** What is known of a MySQL or MariaDB set-up. */
export interface MysqlFacts {
  /** The session is not the one that was opened to. */
  readonly isBehindProxy: boolean
  /** The option `switch`. */
  readonly switch: 'joined' | 'awaited'
  readonly migrations: MigrationsConnection
  readonly tracksSchema: boolean
  readonly statements: {
    /** The option `statementBudget`. */
    readonly budget: number
    /** What the pool can keep at the most, by its connections. */
    readonly kept: number
    /** `max_prepared_stmt_count` */
    readonly max: number
  }
  readonly tableCache: {
    /** Tables of all tenants that the application may see. */
    readonly tables: number
    /** `table_open_cache` */
    readonly open: number
    /** `table_definition_cache` */
    readonly definitions: number
  }
  readonly initConnect: string
  readonly localFiles: { readonly isOn: boolean; readonly isAllowed: boolean }
  /** `lower_case_table_names` */
  readonly folding: number
  readonly grants: GrantFacts
  /** Undefined where tenants have no roles. */
  readonly roles: RoleFacts | undefined
  readonly connections: ConnectionFacts
}

/** Tells what is wrong with a MySQL or MariaDB set-up. */
export function judgeMysql(facts: MysqlFacts): Finding[] {
  return [
    ...judgeProxy(facts),
    ...judgeMigrations(facts.migrations, 'proxy-before-migrations'),
    ...judgeTracking(facts),
    ...judgeGrants(facts.grants),
    ...judgeRoles(facts.roles, facts.grants),
    ...judgeStatements(facts.statements),
    ...judgeTableCache(facts.tableCache),
    ...judgeInitConnect(facts.initConnect),
    ...judgeLocalFiles(facts.localFiles),
    ...judgeFolding(facts.folding),
    ...judgeConnections(facts.connections),
  ]
}

function judgeProxy({ isBehindProxy, switch: how }: MysqlFacts): Finding[] {
  if (!isBehindProxy || how === 'awaited') return []
  return [
    {
      code: 'proxy-in-between',
      severity: 'error',
      reason:
        'A proxy stands between the pool and the server (connection_id() is not the id of the handshake), and `switch` is ' +
        '"joined": most proxies take one command at a time.',
      cure: 'Connect to the server directly, or say `switch: "awaited"`.',
    },
  ]
}

function judgeTracking({ tracksSchema }: MysqlFacts): Finding[] {
  if (tracksSchema) return []
  return [
    {
      code: 'schema-not-tracked',
      severity: 'error',
      reason:
        'session_track_schema is off: the server does not tell where a USE in your own SQL, or in a procedure, has led.',
      cure: 'SET GLOBAL session_track_schema = ON, and write it into the configuration of the server.',
    },
  ]
}

function judgeStatements({ budget, kept, max }: MysqlFacts['statements']): Finding[] {
  if (max >= budget) return []
  return [
    {
      code: 'too-few-statements',
      severity: kept > max ? 'error' : 'warning',
      reason:
        `The server keeps ${max} prepared statements of all clients (max_prepared_stmt_count), and \`statementBudget\` lets ` +
        `this pool have ${budget}, of which its connections use ${kept} at the most.`,
      cure: 'Lower `statementBudget` to the share of each process, or raise max_prepared_stmt_count.',
    },
  ]
}

function judgeTableCache({ tables, open, definitions }: MysqlFacts['tableCache']): Finding[] {
  if (tables <= Math.min(open, definitions)) return []
  return [
    {
      code: 'table-cache-too-small',
      severity: 'warning',
      reason:
        `The tenants have ${tables} tables, and the server keeps ${open} open (table_open_cache) and ${definitions} definitions ` +
        '(table_definition_cache): every other one is opened and read anew for each query.',
      cure: 'Raise both above the number of tables that are in use, and open_files_limit and innodb_open_files with them.',
    },
  ]
}

function judgeInitConnect(initConnect: string): Finding[] {
  if (initConnect.trim() === '') return []
  return [
    {
      code: 'init-connect-lost',
      severity: 'warning',
      reason: `The server has init_connect = ${JSON.stringify(initConnect)}: what it sets is gone when a session is cleared between tenants.`,
      cure: 'Do the same in a `connection` listener of `tenancy.callbackPool`, one SET at a time: that is repeated after each clearing.',
    },
  ]
}

function judgeLocalFiles({ isOn, isAllowed }: MysqlFacts['localFiles']): Finding[] {
  if (!isOn || !isAllowed) return []
  return [
    {
      code: 'local-files-allowed',
      severity: 'warning',
      reason:
        'local_infile is on and `flags` has LOCAL_FILES: a server, or whoever stands in its place, may ask this process for files.',
      cure: 'Take LOCAL_FILES out of `flags` where nothing uses LOAD DATA LOCAL, or set local_infile = OFF.',
    },
  ]
}

function judgeFolding(folding: number): Finding[] {
  if (folding === 0) return []
  return [
    {
      code: 'names-folded',
      severity: 'warning',
      reason: `lower_case_table_names is ${folding}: "Acme" and "acme" would be one database, so ids with capitals are refused.`,
      cure: 'Keep ids in lower case, as they are by default. The setting can be chosen only when the server is set up.',
    },
  ]
}
