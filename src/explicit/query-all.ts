import { ConfigError } from '../errors'
import type { FleetReader, PlainRow, ReadTenant } from '../fleet-reader'
import { TenantWorkError } from '../run-errors'
import { checkFleetQuery } from '../tenant-placeholder'
import { readThrown } from '../thrown'

/** Options of `queryAll`. */
export interface QueryAllOptions {
  /** How many tenants one statement reads. Default 100. */
  readonly batchSize?: number | undefined
  /** Is told of each tenant whose query failed, and the others go on. Default: the first error ends the loop. */
  readonly onError?: ((error: TenantWorkError) => void) | undefined
}

/** A row, and whose it is. */
export interface TenantRow<Row = PlainRow> {
  /** Tenant id, `acme`. */
  readonly tenant: string
  readonly row: Row
}

/** Whom to ask, and how. */
export interface QueryAllParts {
  readonly openReader: () => Promise<FleetReader>
  /** Drawn batch by batch. */
  readonly names: AsyncIterable<ReadTenant>
  /** Whether there is such a tenant still. */
  readonly exists: (tenant: ReadTenant) => Promise<boolean>
}

/**
 * Runs one SELECT for many tenants, a batch of them in one statement.
 *
 * @throws ConfigError for a query without the placeholder, TenantWorkError where a tenant's query fails
 */
export async function* queryAll(
  { openReader, names, exists }: QueryAllParts,
  text: string,
  values: readonly unknown[] = [],
  { batchSize = 100, onError }: QueryAllOptions = {},
): AsyncGenerator<TenantRow> {
  const sql = checkFleetQuery(text)
  if (!Number.isSafeInteger(batchSize) || batchSize < 1)
    throw new ConfigError(['The option `batchSize` must be a whole number from 1.'])
  const reader = await openReader()
  const ask = (tenants: readonly ReadTenant[]): ReturnType<FleetReader['read']> =>
    reader.read(tenants, sql, values)
  /** Of what can't be read together each half is read by itself: columns that differ, a table that one tenant lacks. */
  async function* read(tenants: readonly ReadTenant[]): AsyncGenerator<TenantRow> {
    let answer: readonly (readonly PlainRow[])[]
    try {
      answer = await ask(tenants)
    } catch (cause) {
      if (tenants.length > 1) {
        const middle = tenants.length >> 1
        yield* read(tenants.slice(0, middle))
        yield* read(tenants.slice(middle))
        return
      }
      const [tenant] = tenants as readonly [ReadTenant]
      if (!(await exists(tenant))) return
      const error = failed(tenant, cause)
      if (onError === undefined) throw error
      onError(error)
      return
    }
    for (const [index, { id }] of tenants.entries())
      for (const row of answer[index]!) yield { tenant: id, row }
  }
  try {
    for await (const batch of inBatches(names, Math.min(batchSize, reader.maxTogether))) yield* read(batch)
  } finally {
    await reader.close()
  }
}

function failed({ id }: ReadTenant, cause: unknown): TenantWorkError {
  const { message: reason } = readThrown(cause)
  return new TenantWorkError(`The query failed for tenant "${id}": ${reason}.`, { tenant: id, cause })
}

async function* inBatches<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
