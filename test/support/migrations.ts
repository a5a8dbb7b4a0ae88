import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A temporary folder of migrations; `files` maps file names to their text. Removed with `remove()`. */
export class MigrationFolder {
  readonly #files: Readonly<Record<string, string>>
  #path: string | undefined

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.#files = files
  }

  /** Made when it is asked for: of tests that are left out nobody would remove it. */
  get path(): string {
    if (this.#path !== undefined) return this.#path
    this.#path = mkdtempSync(join(tmpdir(), 'rowhouse-migrations-'))
    for (const [name, text] of Object.entries(this.#files)) this.write(name, text)
    return this.#path
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text)
  }

  delete(name: string): void {
    rmSync(join(this.path, name))
  }

  remove(): void {
    if (this.#path !== undefined) rmSync(this.#path, { recursive: true, force: true })
  }
}

/** Two small migrations, one in SQL and one in TypeScript: widget types, and widgets that refer to them. */
export const WIDGETS = {
  '20200101000000_create_widget_types.sql':
    '-- Up Migration\ncreate table widget_types (id serial primary key, name text not null);\n' +
    '-- Down Migration\ndrop table widget_types;\n',
  '20200102000000_create_widgets.ts': `
    export function up(pgm: any): void {
      pgm.createTable('widgets', {
        id: 'id',
        name: { type: 'varchar(255)', notNull: true },
        widget_type_id: { type: 'integer', references: 'widget_types' },
      })
      pgm.createIndex('widgets', 'name')
    }
    export function down(pgm: any): void {
      pgm.dropTable('widgets')
    }`,
} as const
