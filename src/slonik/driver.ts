import type { DriverFactory } from 'slonik'
import { SESSION, TenantClient } from '../postgres/client'
import type { SessionOptions } from '../postgres/lease'
import { outsideTenants } from '../tenant/context'
import { clientConfigOf } from './client-config'
import type { ClientConfig } from './client-config'
import { createPoolClient } from './pool-client'
import type { PoolClientOptions } from './pool-client'
import type { ConnectionParts } from './tenant-connection'
import { TypeParsers } from './type-parsers'
import type { ReadTypes, TypeRow } from './type-parsers'

/** What the driver needs of its pool. */
export interface TenantDriverOptions
  extends Pick<ConnectionParts, 'leases' | 'scope'>, Omit<PoolClientOptions, 'driverConfiguration'> {
  readonly session: SessionOptions
}

/** A driver factory for slonik's option `driverFactory`, whose connections run queries for loans. */
export function createTenantDriverFactory({
  leases,
  scope,
  session,
  ...how
}: TenantDriverOptions): DriverFactory {
  return async ({ driverConfiguration }) => {
    const plain: ClientConfig = { ...clientConfigOf(driverConfiguration), [SESSION]: session }
    const readTypes: ReadTypes = (where) => leases.carry(undefined, () => readTypesOf(plain, where))
    const types = new TypeParsers(driverConfiguration.typeParsers, readTypes)
    await types.load()
    const config: ClientConfig = { ...plain, types: { getTypeParser: types.parserOf } }
    const options = { driverConfiguration, ...how }
    return { createClient: () => createPoolClient({ config, types, leases, scope }, options) }
  }
}

/** Asks on a connection of its own: the one that met an unknown type may be in the middle of a stream or a transaction. */
async function readTypesOf(
  config: ClientConfig,
  where: Parameters<ReadTypes>[0],
): Promise<readonly TypeRow[]> {
  const client = new TenantClient(config)
  // What breaks this connection is the answer to its query, too.
  client.on('error', ignore)
  try {
    await outsideTenants(() => client.connect())
    const columns = 'oid::int8::text as oid, typarray::int8::text as typarray, typname::text as typname'
    const [condition, list] =
      'names' in where
        ? ['typname = any ($1::text[])', where.names]
        : ['oid = any ($1::oid[]) or typarray = any ($1::oid[])', where.oids]
    const sql = `select ${columns} from pg_catalog.pg_type where ${condition}`
    const answer: Promise<{ readonly rows: readonly Record<keyof TypeRow, string>[] }> = client.query(sql, [
      list,
    ])
    return (await answer).rows.map(({ oid, typarray, typname }) => ({
      oid: Number(oid),
      typarray: Number(typarray),
      typname,
    }))
  } finally {
    await client.end()
  }
}

function ignore(): void {}
