import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { Pool } from 'pg'
import { postgres } from '../../src/postgres/postgres'
import type { PostgresOptions } from '../../src/postgres/postgres'
import { createTenancy } from '../../src/tenancy'
import type { Tenancy } from '../../src/tenancy'
import { MigrationFolder, WIDGETS } from '../support/migrations'
import { dropPrefix, uniquePrefix } from '../support/servers'
import type { TestServer } from '../support/servers'

/** A tenancy of one test: own prefix, own migration folder, the application's role beside the owner's. */
export class Town {
  readonly prefix: string
  readonly folder: MigrationFolder
  readonly tenancy: Tenancy<Pool, Pool>
  readonly owner: Client
  readonly #server: TestServer

  private constructor(
    server: TestServer,
    title: string,
    files: Readonly<Record<string, string>>,
    options: Partial<PostgresOptions>,
  ) {
    this.#server = server
    this.prefix = uniquePrefix(title)
    this.folder = new MigrationFolder(files)
    this.owner = new Client({ connectionString: server.ownerUrl })
    this.tenancy = this.sibling({}, options)
  }

  static async open(
    server: TestServer,
    title: string,
    files: Readonly<Record<string, string>> = WIDGETS,
    options: Partial<PostgresOptions> = {},
  ): Promise<Town> {
    const town = new Town(server, title, files, options)
    town.owner.on('notice', () => {})
    await town.owner.connect()
    return town
  }

  /** The owner's, under a name of its own: other tests migrate on the same server. */
  get migrationUrl(): string {
    const url = new URL(this.#server.ownerUrl)
    url.searchParams.set('application_name', this.prefix)
    return url.href
  }

  /** Another tenancy over the same folder and server. The caller closes it. */
  sibling(
    options: { name?: string; prefix?: string; validate?: RegExp },
    engine: Partial<PostgresOptions> = {},
  ): Tenancy<Pool, Pool> {
    return createTenancy({
      engine: postgres({
        connectionString: this.#server.appUrl,
        migrationUrl: this.migrationUrl,
        max: 3,
        ...engine,
      }),
      prefix: this.prefix,
      migrations: this.folder.path,
      ...options,
    })
  }

  /** Names of all relations of a schema, `widgets`, `widgets_name_index`. */
  async relations(schema: string): Promise<string[]> {
    const { rows } = await this.owner.query(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relkind in ('r', 'i', 'S', 'v') order by 1`,
      [schema],
    )
    return rows.map(({ name }) => name as string)
  }

  async schemas(): Promise<string[]> {
    const { rows } = await this.owner.query(
      'select nspname as name from pg_namespace where starts_with(nspname, $1) order by 1',
      [this.prefix],
    )
    return rows.map(({ name }) => name as string)
  }

  async close(): Promise<void> {
    await this.tenancy.close()
    await this.owner.end()
    this.folder.remove()
    await dropPrefix(this.#server, this.prefix)
  }
}

/** A gate in the way of a migration, by a lock that the test holds: no sleeping, each test states its schedule. */
export class Gate {
  /** What a migration does to stop there until the gate opens. */
  readonly sql: string
  readonly #client: Client
  readonly #key: number

  private constructor(client: Client, key: number) {
    this.#client = client
    this.#key = key
    this.sql = `select pg_advisory_xact_lock(${key});`
  }

  static async close(server: TestServer, title: string): Promise<Gate> {
    const client = new Client({ connectionString: server.ownerUrl })
    await client.connect()
    const { rows } = await client.query('select abs(hashtext($1)) as key', [uniquePrefix(title)])
    const gate = new Gate(client, rows[0].key as number)
    await client.query(`select pg_advisory_lock(${gate.#key})`)
    return gate
  }

  /** Waits until somebody stands before the gate, and tells the process id of its backend. */
  async reached(): Promise<number> {
    const pid = await eventually(async () => {
      const { rows } = await this.#client.query(
        "select pid from pg_locks where locktype = 'advisory' and objid = $1 and not granted",
        [this.#key],
      )
      return rows[0]?.pid as number | undefined
    })
    return pid
  }

  /** Lets all through; may be called twice. */
  async open(): Promise<void> {
    await this.#client.end()
  }
}

/** Asks until there is an answer. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 25_000
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadline)
      throw new Error('What the test waits for did not come about within 25 seconds.')
    await sleep(10)
  }
}
