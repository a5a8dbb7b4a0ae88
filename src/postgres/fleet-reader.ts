import { Client, escapeIdentifier } from 'pg'
import type { ClientConfig, QueryArrayResult, QueryResult } from 'pg'
import { TenantNotFoundError } from '../errors'
import type { FleetReader, PlainRow, ReadTenant, SqlAnswer } from '../fleet-reader'
import { placeSchema } from '../tenant-placeholder'
import { outsideTenants } from '../tenant/context'
import { tenantPath } from './search-path'

/** What a reader is opened with. */
export interface ReaderOptions {
  /** The application's connection. */
  readonly connection: ClientConfig
  readonly sharedSchemas: readonly string[]
  readonly isolation: 'schema' | 'role'
}

/** Opens a connection with the application's rights for reading many tenants, or running statements in one after the other. */
export async function openFleetReader(options: ReaderOptions): Promise<FleetReader> {
  const { connection, isolation } = options
  const hasRoles = isolation === 'role'
  const client = outsideTenants(() => new Client({ ...connection, application_name: 'rowhouse-read' }))
  // A connection that dies tells so by the query that was running; unheard, the event would end the process.
  client.on('error', () => {})
  await outsideTenants(() => client.connect())
  return {
    maxTogether: hasRoles ? 1 : Infinity,
    async read(tenants, sql, values) {
      const role = hasRoles ? `; set local role ${escapeIdentifier(tenants[0]!.schema)}` : ''
      // No schema of anybody's: a name without the placeholder must not be found in a shared schema.
      await client.query(`begin read only; set local search_path to pg_catalog, pg_temp${role}`)
      return ended(client, () => readTogether(client, tenants, sql, values))
    },
    async run(tenant, sql, { write }) {
      const { sql: path } = tenantPath(tenant, options.sharedSchemas)
      await client.query('discard all')
      // Of the session: a COMMIT in the text must not end them.
      const settings = `set search_path to ${path}; set default_transaction_read_only to ${write ? 'off' : 'on'}`
      const role = hasRoles ? `set role ${escapeIdentifier(tenant.schema)}; ` : ''
      await client.query(`${role}${settings}`)
      await expectSchema(client, tenant)
      await client.query('begin')
      return ended(client, async () => {
        const answer = (await client.query(sql)) as QueryResult<PlainRow> | QueryResult<PlainRow>[]
        return (Array.isArray(answer) ? answer : [answer]).map(toAnswer)
      })
    },
    close: () => client.end(),
  }
}

/** Without it, unqualified names would mean what stands behind it in the path. @throws TenantNotFoundError */
async function expectSchema(client: Client, { id, schema }: ReadTenant): Promise<void> {
  const { rows } = await client.query<{ schema: string | null }>('select current_schema() as schema')
  if (rows[0]?.schema === schema) return
  throw new TenantNotFoundError(`There is no tenant "${id}" (schema "${schema}").`, { tenant: id })
}

async function ended<T>(client: Client, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work()
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

async function readTogether(
  client: Client,
  tenants: readonly ReadTenant[],
  sql: string,
  values: readonly unknown[],
): Promise<readonly (readonly PlainRow[])[]> {
  // As the source of a query: what is no SELECT fails here, whatever it would do.
  const parts = tenants.map(({ schema }) => `(${placeSchema(sql, schema, escapeIdentifier)}\n) as q`)
  if (parts.length === 1) {
    const { fields, rows } = await ask(client, `select * from ${parts[0]!}`, values)
    const names = fields.map(({ name }) => name)
    return [rows.map((row) => toRow(names, row))]
  }
  // By name: UNION goes by position, and in another tenant the same columns may stand in another order.
  const { fields } = await ask(client, `select * from ${parts[0]!} limit 0`, values)
  const names = fields.map(({ name }) => name)
  const columns = names.map((name) => `, q.${escapeIdentifier(name)}`).join('')
  const { rows } = await ask(
    client,
    parts.map((part, index) => `select ${index}${columns} from ${part}`).join(' union all '),
    values,
  )
  const answers: PlainRow[][] = tenants.map(() => [])
  for (const [index, ...cells] of rows) answers[index as number]!.push(toRow(names, cells))
  return answers
}

/** By the extended protocol, which takes no second statement behind the first. */
async function ask(
  client: Client,
  text: string,
  values: readonly unknown[],
): Promise<QueryArrayResult<unknown[]>> {
  const query = { text, values: [...values], rowMode: 'array' as const, queryMode: 'extended' }
  return client.query<unknown[], unknown[]>(query)
}

function toRow(names: readonly string[], cells: readonly unknown[]): PlainRow {
  return Object.fromEntries(names.map((name, index) => [name, cells[index]]))
}

function toAnswer({ fields, rows, rowCount }: QueryResult<PlainRow>): SqlAnswer {
  const columns = (fields ?? []).map(({ name }) => name)
  return { columns, rows, affected: columns.length > 0 ? undefined : (rowCount ?? undefined) }
}
