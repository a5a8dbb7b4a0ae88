import type { MigrationDb } from 'rowhouse/mysql'

export async function up(db: MigrationDb): Promise<void> {
  await db.query(`create table widget_types (
    id bigint auto_increment primary key,
    name varchar(255) not null,
    inserted_at datetime(6) not null default (utc_timestamp(6)),
    updated_at datetime(6) not null default (utc_timestamp(6)),
    index widget_types_name_index (name)
  )`)
}

export async function down(db: MigrationDb): Promise<void> {
  await db.query('drop table widget_types')
}
