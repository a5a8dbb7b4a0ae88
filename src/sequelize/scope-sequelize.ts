import { ConfigError } from '../errors'
import { mysqlLender, postgresLender } from './connections'
import type { Connection, Lender, Parsers } from './connections'

/** What is used of a `Sequelize` of version 6. */
export interface SequelizeLike {
  readonly connectionManager: object
  getDialect(): string
  databaseVersion(options?: object): Promise<string>
}

/** What is used of a tenancy. */
export interface TenancyLike {
  readonly pool: unknown
  readonly callbackPool: unknown
}

interface Manager extends Parsers {
  getConnection(options?: object): Promise<Connection>
  releaseConnection(connection: Connection): void
  destroyConnection(connection: Connection): Promise<void>
  /** On PostgreSQL: learns the types of the database. */
  _refreshDynamicOIDs?(connection: Connection): Promise<void>
}

/**
 * Makes a Sequelize (6) take its connections from the pool of a tenancy, in place of its own: queries, models and transactions
 * run in the schema of the calling code's tenant, and without one nothing is sent (`ROWHOUSE_TENANT_REQUIRED`). End the pool by
 * `tenancy.close()`.
 *
 * @param sequelize - of the dialect `postgres`, or `mysql` (also for MariaDB); it needs no URL
 * @returns the same Sequelize
 * @throws ConfigError for another dialect, another version, or a tenancy of the other engine
 */
export function scopeSequelize<S extends SequelizeLike>(sequelize: S, tenancy: TenancyLike): S {
  const manager = sequelize.connectionManager as Manager
  const lender = lenderOf(sequelize, manager, tenancy)
  let isPrepared = false
  manager.getConnection = async () => {
    const connection = await lender.connect()
    try {
      // Not by one call for all who wait: what fails is its own tenant's matter.
      if (!isPrepared) await prepare(sequelize, manager, connection)
      isPrepared = true
    } catch (error) {
      connection.release()
      throw error
    }
    return connection
  }
  manager.releaseConnection = (connection) => connection.release(connection._invalid)
  manager.destroyConnection = async (connection) => lender.destroy(connection)
  return sequelize
}

function lenderOf(sequelize: SequelizeLike, manager: Manager, tenancy: TenancyLike): Lender {
  const dialect = sequelize.getDialect()
  const isMysql = tenancy.callbackPool !== undefined
  const problems: string[] = []
  if (dialect !== (isMysql ? 'mysql' : 'postgres'))
    problems.push(
      `A Sequelize of the dialect "${dialect}" can't use a tenancy of ${isMysql ? 'MySQL' : 'PostgreSQL'}: its dialect must be ` +
        `"${isMysql ? 'mysql' : 'postgres'}"${isMysql ? ', for MariaDB as well' : ''}.`,
    )
  else if (!isKnown(manager, isMysql))
    problems.push(
      'The installed sequelize has no connection manager as of version 6, so that it cannot be scoped.',
    )
  if (problems.length > 0) throw new ConfigError(problems)
  return isMysql
    ? mysqlLender(tenancy.callbackPool as Parameters<typeof mysqlLender>[0], manager)
    : postgresLender(tenancy.pool as Parameters<typeof postgresLender>[0], manager)
}

function isKnown(manager: Manager, isMysql: boolean): boolean {
  const [parser, owner] = isMysql ? ['_typecast', manager.constructor] : ['getTypeParser', manager]
  const lending = ['getConnection', 'releaseConnection', 'destroyConnection']
  return (
    typeof Reflect.get(owner, parser) === 'function' &&
    lending.every((name) => typeof Reflect.get(manager, name) === 'function')
  )
}

/** What sequelize asks a server when it first connects to it. */
async function prepare(sequelize: SequelizeLike, manager: Manager, connection: Connection): Promise<void> {
  const { options } = sequelize as unknown as { options: { databaseVersion?: string | number } }
  if (!options.databaseVersion) {
    const said = await sequelize.databaseVersion({ transaction: { connection }, logging: false })
    const [major = '0', minor = '0', patch = '0'] = said.match(/\d+/g) ?? []
    options.databaseVersion = `${major}.${minor}.${patch}`
  }
  await manager._refreshDynamicOIDs?.(connection)
}
