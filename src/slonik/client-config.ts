import { parseDsn } from 'slonik'
import type { DriverConfiguration } from 'slonik'
import type { TenantClient } from '../postgres/client'

/** What a connection is opened with. */
export type ClientConfig = NonNullable<ConstructorParameters<typeof TenantClient>[0]>

/** What slonik 49 added. */
interface LaterOptions {
  readonly password?: NonNullable<ClientConfig['password']>
}
interface LaterDsn {
  readonly ssl?: NonNullable<ClientConfig['ssl']>
}

const SSL_OF_MODE = { disable: false, require: true, 'no-verify': { rejectUnauthorized: false } } as const

/** The configuration of a connection for one of slonik, as slonik's own driver makes it. */
export function clientConfigOf(configuration: DriverConfiguration & LaterOptions): ClientConfig {
  const dsn: ReturnType<typeof parseDsn> & LaterDsn = parseDsn(configuration.connectionUri)
  const config = {
    application_name: dsn.applicationName,
    database: dsn.databaseName,
    host: dsn.host,
    options: dsn.options,
    password: configuration.password ?? dsn.password,
    port: dsn.port,
    user: dsn.username,
    ssl: configuration.ssl ?? dsn.ssl ?? SSL_OF_MODE[dsn.sslMode ?? 'disable'],
    connectionTimeoutMillis: millisOf(configuration.connectionTimeout),
    statement_timeout: millisOf(configuration.statementTimeout),
    idle_in_transaction_session_timeout: millisOf(configuration.idleInTransactionSessionTimeout),
  }
  return config
}

/** pg takes 0 for "no limit", and slonik for the shortest one. */
function millisOf(timeout: DriverConfiguration['statementTimeout']): number | undefined {
  return timeout === 'DISABLE_TIMEOUT' ? undefined : timeout || 1
}
