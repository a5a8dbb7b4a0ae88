import type { MigrationFile } from '../engine'
import { MigrationTargetError } from '../errors'
import { columnsOf } from './journal'
import type { Journal } from './journal'
import type { MigrationSession } from './migration-session'
import { tableIn } from './sql'

/** What adopting a tenant needs to know. */
export interface AdoptOptions {
  readonly schema: string
  /** `schema_migrations` */
  readonly table: string
  readonly files: readonly MigrationFile[]
  readonly checksumOf: (file: MigrationFile) => Promise<string>
}

/**
 * Takes over a table of Ecto's or Rails' format (a column `version` and no `name`), which has the same name as ours. The new
 * one is filled under another name and takes the old one's place in one RENAME: an interrupted call can be made again.
 *
 * @throws {@link MigrationTargetError} when a version in it has no file: nobody could tell what was done
 */
export async function takeOver(
  session: MigrationSession,
  journal: Journal,
  { schema, table, files, checksumOf }: AdoptOptions,
): Promise<void> {
  const columns = await columnsOf(session, schema, table)
  if (columns.has('name') || !columns.has('version')) return journal.ensure(schema)
  const rows = await session.rows<{ version: string }>(
    `select cast(version as char) as version from ${tableIn(schema, table)} order by version`,
  )
  const byVersion = new Map(files.map((file) => [String(file.version), file]))
  const lost = rows.filter(({ version }) => !byVersion.has(version))
  if (lost.length > 0) {
    throw new MigrationTargetError(
      `Can't adopt "${schema}": no migration file has the version ${lost.map(({ version }) => version).join(', ')}, which ` +
        'is applied there. Write those migrations first, with these versions. Nothing was changed.',
    )
  }
  const [fresh, old] = [`${table}_adopting`, `${table}_imported`].map((name) => tableIn(schema, name))
  await session.query(`drop table if exists ${fresh}`)
  await journal.ensure(schema, `${table}_adopting`)
  for (const [index, { version }] of rows.entries()) {
    const file = byVersion.get(version)!
    await session.query(
      `insert into ${fresh} (name, version, checksum, state, direction, run_order) values (?, ?, ?, 'applied', 'up', ?)`,
      [file.name, file.version, await checksumOf(file), index + 1],
    )
  }
  await session.query(
    `rename table ${tableIn(schema, table)} to ${old}, ${fresh} to ${tableIn(schema, table)}`,
  )
}
