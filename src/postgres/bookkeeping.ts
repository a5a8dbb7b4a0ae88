import { escapeIdentifier } from 'pg'
import type { ClientBase } from 'pg'
import type { MigrationFile, MigrationStep } from '../engine'
import { MigrationTargetError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'

/** The table that holds a tenant's applied migrations, in node-pg-migrate's own format, so that its CLI goes on working. */
export class Bookkeeping {
  readonly #client: ClientBase
  readonly #table: string

  /** @param table - `schema_migrations` */
  constructor(client: ClientBase, table: string) {
    this.#client = client
    this.#table = table
  }

  /** `"tenant_acme"."schema_migrations"` */
  tableIn(schema: SchemaName): string {
    return `${escapeIdentifier(schema)}.${escapeIdentifier(this.#table)}`
  }

  /** Makes the table where it is missing. */
  async ensure(schema: SchemaName): Promise<void> {
    if ((await this.#columns(schema)).size > 0) return
    await this.#client.query(
      `create table ${this.tableIn(schema)} (id serial primary key, name varchar(255) not null, run_on timestamp not null)`,
    )
  }

  /** Names of the applied migrations in the order they ran; empty where the table is missing or another tool's. */
  async read(schema: SchemaName): Promise<readonly string[]> {
    if (!(await this.#columns(schema)).has('name')) return []
    const { rows } = await this.#client.query<{ name: string }>(
      `select name from ${this.tableIn(schema)} order by run_on, id`,
    )
    return rows.map(({ name }) => name)
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
   * Takes over a table of Ecto's or Rails' format (a column `version` and no `name`), which has the same name.
   *
   * @throws {@link MigrationTargetError} when a version in it has no file: nobody could tell what was done
   */
  async takeOver(schema: SchemaName, files: readonly MigrationFile[]): Promise<void> {
    const columns = await this.#columns(schema)
    if (columns.has('name') || !columns.has('version')) return this.ensure(schema)
    const { rows } = await this.#client.query<{ version: string }>(
      `select version::text from ${this.tableIn(schema)} order by version`,
    )
    const byVersion = new Map(files.map((file) => [String(file.version), file]))
    const lost = rows.filter(({ version }) => !byVersion.has(version))
    if (lost.length > 0) {
      throw new MigrationTargetError(
        `Can't adopt "${schema}": no migration file has the version ${lost.map(({ version }) => version).join(', ')}, which ` +
          'is applied there. Write those migrations first, with these versions. Nothing was changed.',
      )
    }
    await this.#client.query(
      `alter table ${this.tableIn(schema)} rename to ${escapeIdentifier(`${this.#table}_imported`)}`,
    )
    await this.ensure(schema)
    for (const { version } of rows)
      await this.write(schema, { file: byVersion.get(version)!, direction: 'up' })
  }

  async #columns(schema: SchemaName): Promise<ReadonlySet<string>> {
    const { rows } = await this.#client.query<{ name: string }>(
      `select a.attname as name from pg_catalog.pg_attribute a
         join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = $2 and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped`,
      [schema, this.#table],
    )
    return new Set(rows.map(({ name }) => name))
  }
}
