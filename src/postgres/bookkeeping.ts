import { escapeIdentifier, escapeLiteral } from 'pg'
import type { ClientBase } from 'pg'
import type { Direction, MigrationFile, MigrationStep } from '../engine'
import { MigrationTargetError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import { readingGrants } from './grants'

/** `none`: no such table. `ours`: node-pg-migrate's. `versions`: Ecto's or Rails', a column `version` and no `name`. */
type Format = 'none' | 'ours' | 'versions'

const COLUMNS = ['id', 'name', 'run_on']
/** What a relation may be that has the table's name and is no table (pg_class.relkind). */
const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  p: 'a partitioned table',
  f: 'a foreign table',
  S: 'a sequence',
  c: 'a type',
}

/** The table that holds a tenant's applied migrations, in node-pg-migrate's own format, so that its CLI goes on working. */
export class Bookkeeping {
  readonly #client: ClientBase
  readonly #table: string
  readonly #readerIn: (schema: SchemaName) => string | undefined

  /**
   * @param table - `schema_migrations`
   * @param readerIn - role that may read the table of a schema, and no more
   */
  constructor(client: ClientBase, table: string, readerIn: (schema: SchemaName) => string | undefined) {
    this.#client = client
    this.#table = table
    this.#readerIn = readerIn
  }

  /** `"tenant_acme"."schema_migrations"` */
  tableIn(schema: SchemaName): string {
    return `${escapeIdentifier(schema)}.${escapeIdentifier(this.#table)}`
  }

  /** Makes the table where it is missing. @throws {@link MigrationTargetError} */
  async ensure(schema: SchemaName): Promise<void> {
    if ((await this.#expectOurs(schema)) === 'ours') return
    await this.#client.query(this.creation(schema))
  }

  /** Makes the table, as SQL. */
  creation(schema: SchemaName): string {
    const table = this.tableIn(schema)
    const reader = this.#readerIn(schema)
    const grants = reader === undefined ? '' : `; ${readingGrants(table, reader)}`
    return `create table ${table} (id serial primary key, name varchar(255) not null, run_on timestamp not null)${grants}`
  }

  /** Notes that some migrations were run, as SQL. */
  entries(schema: SchemaName, steps: readonly MigrationStep[]): string {
    const table = this.tableIn(schema)
    const values = (direction: Direction, write: (name: string) => string): string =>
      steps
        .filter((step) => step.direction === direction)
        .map(({ file }) => write(escapeLiteral(file.name)))
        .join(', ')
    const applied = values('up', (name) => `(${name}, now())`)
    const reverted = values('down', (name) => name)
    return [
      applied && `insert into ${table} (name, run_on) values ${applied}`,
      reverted && `delete from ${table} where name in (${reverted})`,
    ]
      .filter((sql) => sql !== '')
      .join('; ')
  }

  /**
   * Names of the applied migrations in the order they ran; empty where the table is missing.
   *
   * @throws {@link MigrationTargetError} for a table that is none of ours
   */
  async read(schema: SchemaName): Promise<readonly string[]> {
    if ((await this.#expectOurs(schema)) === 'none') return []
    const { rows } = await this.#client.query<{ name: string | null }>(
      `select name from ${this.tableIn(schema)} order by run_on, id`,
    )
    return rows.map(({ name }) => {
      if (name === null) throw this.#odd(schema, 'has a row without a name')
      return name
    })
  }

  /** Notes that a migration was run. */
  async write(schema: SchemaName, { file, direction }: MigrationStep): Promise<void> {
    const sql =
      direction === 'up'
        ? `insert into ${this.tableIn(schema)} (name, run_on) values ($1, now())`
        : `delete from ${this.tableIn(schema)} where name = $1`
    await this.#client.query(sql, [file.name])
  }

  /**
   * Takes over a table of Ecto's or Rails' format, which has the same name.
   *
   * @throws {@link MigrationTargetError} when a version in it has no file: nobody could tell what was done
   */
  async takeOver(schema: SchemaName, files: readonly MigrationFile[]): Promise<void> {
    if ((await this.#formatIn(schema)) !== 'versions') return this.ensure(schema)
    const { rows } = await this.#client.query<{ version: string | null }>(
      `select version::text from ${this.tableIn(schema)} order by version`,
    )
    const byVersion = new Map(files.map((file) => [String(file.version), file]))
    const versions = rows.map(({ version }) => {
      if (version === null) throw this.#odd(schema, 'has a row without a version')
      return version
    })
    const lost = versions.filter((version) => !byVersion.has(version))
    if (lost.length > 0) {
      throw new MigrationTargetError(
        `Can't adopt "${schema}": no migration file has the version ${lost.join(', ')}, which ` +
          'is applied there. Write those migrations first, with these versions. Nothing was changed.',
      )
    }
    await this.#client.query(
      `alter table ${this.tableIn(schema)} rename to ${escapeIdentifier(`${this.#table}_imported`)}`,
    )
    await this.ensure(schema)
    for (const version of versions)
      await this.write(schema, { file: byVersion.get(version)!, direction: 'up' })
  }

  async #expectOurs(schema: SchemaName): Promise<Format> {
    const format = await this.#formatIn(schema)
    if (format !== 'versions') return format
    throw this.#odd(schema, 'is another tool\'s, with a column "version" and none "name"')
  }

  async #formatIn(schema: SchemaName): Promise<Format> {
    const { rows } = await this.#client.query<{ kind: string; columns: string[] }>(
      `select c.relkind as kind, array(select a.attname::text from pg_catalog.pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
         from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = $2`,
      [schema, this.#table],
    )
    const [found] = rows
    if (found === undefined) return 'none'
    if (found.kind !== 'r') throw this.#odd(schema, `is ${KINDS[found.kind] ?? 'an index'}`)
    if (found.columns.includes('version') && !found.columns.includes('name')) return 'versions'
    const lacking = COLUMNS.filter((name) => !found.columns.includes(name))
    if (lacking.length === 0) return 'ours'
    const names = lacking.map((name) => `"${name}"`).join(', ')
    throw this.#odd(schema, `lacks the column${lacking.length > 1 ? 's' : ''} ${names}`)
  }

  #odd(schema: SchemaName, what: string): MigrationTargetError {
    return new MigrationTargetError(
      `${this.tableIn(schema)} can't be the books of the migrations: it ${what}. Mend or rename it, or set the option ` +
        '`migrationsTable`. Nothing was run.',
    )
  }
}
