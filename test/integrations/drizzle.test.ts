import { drizzle } from 'drizzle-orm/node-postgres'
import { Cache } from 'drizzle-orm/cache/core'
import { describeLibrary } from './support/describe-library'
import { drizzleOnMysql, drizzleOnPostgres, pgWidgets } from './support/libraries/drizzle'

/** As those of drizzle for a server: keyed by what it is given. */
class MemoryCache extends Cache {
  readonly #entries = new Map<string, unknown[]>()
  override strategy = () => 'all' as const
  override get = async (key: string) => this.#entries.get(key)
  override put = async (key: string, rows: unknown) => void this.#entries.set(key, rows as unknown[])
  override onMutate = async () => {}
}

// Its iterator ends a connection of the pool, of which mysql2 warns.
beforeAll(() => jest.spyOn(console, 'warn').mockImplementation())
afterAll(() => jest.restoreAllMocks())

describeLibrary(drizzleOnMysql)
describeLibrary(drizzleOnPostgres, (town) => {
  test('a query cache leaks, since its key is the SQL: none for tenants', async () => {
    const { tenancy } = town()
    const db = drizzle(tenancy.pool, { cache: new MemoryCache() })
    const names = () => db.select({ name: pgWidgets.name }).from(pgWidgets)
    expect(await tenancy.run('acme', names)).toEqual([{ name: 'acme seed' }])
    expect(await tenancy.run('globex', names)).toEqual([{ name: 'acme seed' }])
  })
})
