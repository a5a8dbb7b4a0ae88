import { setTimeout as sleep } from 'node:timers/promises'
import type { AdapterOptions } from '../../src/adapters/adapter-gate'
import { fromHeader } from '../../src/request/from-header'
import type { PlainRequest } from '../../src/request/request-like'
import { postgres } from '../../src/postgres/postgres'
import type { DefaultRecord } from '../../src/scoped-tenancy'
import { createTenancy } from '../../src/tenancy'
import type { Served } from '../request/serve'
import { MigrationFolder, WIDGETS } from '../support/migrations'
import { dropPrefix, SERVERS, uniquePrefix, withOwner } from '../support/servers'

/** What an application of each framework does, without a word of a tenant in it. */
export interface Shop {
  /** Writes a widget, and reads all of them. */
  sell(name: string): Promise<readonly string[]>
  read(): Promise<readonly string[]>
  /** Who the tenant is where this is called. */
  currentId(): string | undefined
  /** What the hooks behind responses saw: `acme=acme`, the one the request asked for first. */
  readonly finished: string[]
  /** What the error handler saw. */
  readonly failed: string[]
}

/** How the tests say who is let in; the requests of every framework are of this form. */
export type ShopOptions = AdapterOptions<PlainRequest, DefaultRecord>

/**
 * Starts an application: `POST /widgets` with `{ name }` sells and answers the names, `GET /widgets` answers them, `GET /stream` answers
 * the pieces of {@link pieces} one by one, `GET /fail` throws behind an await, and the error handler answers 418 where an error has no status.
 */
export type StartApp = (shop: Shop, options: ShopOptions, sockets: number) => Promise<Served>

const server = SERVERS[0]!

/** A tenancy of a real PostgreSQL with the tenants acme, globex, and sus, who is suspended; for one test file. */
export function openShops(title: string) {
  const prefix = uniquePrefix(title)
  const migrations = new MigrationFolder(WIDGETS)
  const tenancy = createTenancy({
    engine: postgres({ connectionString: server.appUrl, migrationUrl: server.ownerUrl, max: 4 }),
    prefix,
    migrations: migrations.path,
  })
  return {
    tenancy,
    create: async (): Promise<void> => {
      for (const tenant of ['acme', 'globex', 'sus']) await tenancy.create(tenant)
      await tenancy.suspend('sus')
    },
    close: async (): Promise<void> => {
      await tenancy.close()
      migrations.remove()
      await dropPrefix(server, prefix)
    },
    shop: (): Shop =>
      shopOf(
        (sql, values) => tenancy.pool.query(sql, values),
        () => tenancy.current()?.id,
      ),
    /** What a plain connection finds in a tenant's schema. */
    stock: (tenant: string): Promise<string[]> =>
      withOwner(server, async (client) => {
        const { rows } = await client.query<{ name: string }>(
          `select name from ${client.escapeIdentifier(prefix + tenant)}.widgets order by name`,
        )
        return rows.map(({ name }) => name)
      }),
    clear: (): Promise<void> =>
      withOwner(server, async (client) => {
        for (const tenant of ['acme', 'globex', 'sus'])
          await client.query(`delete from ${client.escapeIdentifier(prefix + tenant)}.widgets`)
      }),
  }
}

/** A shop over any way to ask the database. */
export function shopOf(
  query: (sql: string, values?: unknown[]) => Promise<{ rows: { name: string }[] }>,
  currentId: () => string | undefined,
): Shop {
  const read = async (): Promise<string[]> =>
    (await query('select name from widgets order by id')).rows.map(({ name }) => name)
  return {
    read,
    currentId,
    finished: [],
    failed: [],
    async sell(name) {
      await sleep(Math.random() * 4)
      await query('insert into widgets (name) values ($1)', [name])
      await sleep(Math.random() * 4)
      return read()
    },
  }
}

/** The pieces of a streamed answer, each from a query of its own, while other requests run. */
export async function* pieces(shop: Shop): AsyncGenerator<string> {
  for (let piece = 0; piece < 4; piece++) {
    yield `${(await shop.read()).join()};`
    await sleep(Math.random() * 4)
  }
}

/** Names its tenant by a header; the caller `nobody` may use none. */
export const BY_HEADER: ShopOptions = {
  resolve: fromHeader('x-tenant'),
  authorize: (req) => req.headers['x-user'] !== 'nobody',
}
