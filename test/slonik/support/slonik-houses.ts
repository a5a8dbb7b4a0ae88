import type { ClientConfigurationInput, DatabasePool, QuerySqlToken } from 'slonik'
import type { TenantSlonikOptions } from '../../../src/slonik'
import { context, Houses } from '../../postgres/support/houses'
import { SERVERS } from '../../support/servers'
import type { TestServer } from '../../support/servers'
import { SLONIKS } from './sloniks'
import { textQuery } from './version'
import type { Slonik } from './version'

/** Every server with every slonik: `describe.each(PAIRS)('$name', (pair) => ...)`. */
export const PAIRS = SERVERS.flatMap((server) =>
  SLONIKS.map((slonik) => ({ name: `${slonik.name} on ${server.name}`, server, slonik })),
)
/** The `end()` of slonik 43 passes over some connections, which close when they have been idle. */
const POOL = { maximumPoolSize: 1, idleTimeout: 1000 } as const

/** Houses of one test file, and slonik's pools on them. */
export class SlonikHouses extends Houses {
  readonly slonik: Slonik
  readonly #sloniks: DatabasePool[] = []

  constructor(
    { server, slonik }: { server: TestServer; slonik: Slonik },
    title: string,
    isolation: 'schema' | 'role' = 'schema',
  ) {
    super(server, `${title} ${server.version} ${slonik.name}`, isolation)
    this.slonik = slonik
  }

  override async clear(): Promise<void> {
    await Promise.all(this.#sloniks.map((pool) => pool.end()))
    await super.clear()
  }

  /** A tenant pool of one connection; ended by {@link clear}. */
  async tenantSlonik(options: Partial<TenantSlonikOptions> = {}): Promise<DatabasePool> {
    const pool = await this.slonik.createTenantSlonik(this.uri(), { tenancy: context, ...POOL, ...options })
    return this.#keep(pool)
  }

  /** A pool of slonik itself, on the schema of one tenant. */
  async plainSlonik(id: string, options: ClientConfigurationInput = {}): Promise<DatabasePool> {
    const uri = this.uri({ options: `-c search_path=${this.schema(id)}` })
    return this.#keep(await this.slonik.module.createPool(uri, { ...POOL, ...options }))
  }

  uri(parameters: Readonly<Record<string, string>> = {}): string {
    const url = new URL(this.server.appUrl)
    for (const [name, value] of Object.entries({ application_name: this.applicationName, ...parameters }))
      url.searchParams.set(name, value)
    // slonik's parser reads a plus sign as what it is.
    return url.href.replaceAll('+', '%20')
  }

  /** The tag that makes queries. */
  get sql(): Slonik['module']['sql']['unsafe'] {
    return this.slonik.module.sql.unsafe
  }

  /** A query of a text that is not at hand when this is compiled. */
  textQuery(text: string): QuerySqlToken {
    return textQuery(this.slonik, text)
  }

  /** Pid of the server process behind the next free connection. */
  pid(pool: Pick<DatabasePool, 'oneFirst'>): Promise<number> {
    return pool.oneFirst(this.sql`select pg_backend_pid()`) as Promise<number>
  }

  #keep(pool: DatabasePool): DatabasePool {
    // Slonik 43 has no events.
    pool.on?.('error', () => {})
    this.#sloniks.push(pool)
    return pool
  }
}
