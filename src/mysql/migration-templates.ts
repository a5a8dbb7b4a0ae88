import type { MigrationKind } from '../engine'

/** What a new migration begins with. */
export const MIGRATION_TEMPLATES: Readonly<Record<MigrationKind, string>> = {
  ts: [
    "import type { MigrationDb } from 'rowhouse/mysql'",
    '',
    'export async function up(db: MigrationDb): Promise<void> {}',
    '',
    'export async function down(db: MigrationDb): Promise<void> {}',
    '',
  ].join('\n'),
  js: ['exports.up = async (db) => {}', '', 'exports.down = async (db) => {}', ''].join('\n'),
  sql: ['-- Up Migration', '', '-- Down Migration', ''].join('\n'),
}
