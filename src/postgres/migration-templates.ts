import type { MigrationKind } from '../engine'

/** What a new migration begins with, in node-pg-migrate's form. */
export const MIGRATION_TEMPLATES: Readonly<Record<MigrationKind, string>> = {
  ts: [
    "import type { MigrationBuilder } from 'rowhouse/postgres'",
    '',
    'export function up(pgm: MigrationBuilder): void {}',
    '',
    'export function down(pgm: MigrationBuilder): void {}',
    '',
  ].join('\n'),
  js: ['exports.up = (pgm) => {}', '', 'exports.down = (pgm) => {}', ''].join('\n'),
  sql: ['-- Up Migration', '', '-- Down Migration', ''].join('\n'),
}
