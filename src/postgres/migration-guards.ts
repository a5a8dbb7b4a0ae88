import { escapeIdentifier } from 'pg'
import type { Client } from 'pg'
import type { MigrationStep } from '../engine'
import { MigrationRefusedError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import { lintMigration } from './lint-migration'
import { MARK_TABLE } from './marks'

/** What the guards look at: the connection of a run, and what it was set up for. */
export interface GuardedRun {
  readonly client: Client
  readonly migrationsTable: string
  readonly sharedSchemas: readonly string[]
}

/** Whose schema a run is in. */
export interface GuardedTarget {
  readonly schema: SchemaName
  readonly tenant: string
}

/** Refuses what the text of a migration says it would do beyond its tenant. @throws {@link MigrationRefusedError} */
export function refuseUnsafe(sql: string, step: MigrationStep): void {
  const [problem] = lintMigration(sql)
  if (problem !== undefined) throw refusal(step, `${problem.message}. The statement: ${problem.statement}`)
}

/** The connection must be in the tenant's schema: DDL would otherwise succeed in a shared or a temporary one. */
export async function expectPlace(
  { client, sharedSchemas }: GuardedRun,
  { schema }: GuardedTarget,
  step: MigrationStep,
): Promise<void> {
  const { rows } = await client.query<{ schema: string | null; path: string }>(
    `select current_schema() as schema, current_setting('search_path') as path`,
  )
  const place = rows[0]!
  if (place.schema === schema && unquoted(place.path) === unquoted(pathOf(schema, sharedSchemas))) return
  throw refusal(
    step,
    `finds or leaves the connection on search_path ${place.path} (current schema: ${place.schema ?? 'none'}) instead of "${schema}"`,
  )
}

/** A table that a shared schema has, too: a tenant that lacks it, half migrated, would read and write the shared one. */
export async function expectNoShadow(
  { client, sharedSchemas, migrationsTable }: GuardedRun,
  { schema }: GuardedTarget,
  step: MigrationStep,
): Promise<void> {
  if (sharedSchemas.length === 0 || step.direction === 'down') return
  const { rows } = await client.query<{ table: string; shared: string }>(
    `select own.relname as table, shared.relnamespace::regnamespace::text as shared
       from pg_catalog.pg_class own join pg_catalog.pg_class shared on shared.relname = own.relname
      where own.relnamespace = to_regnamespace($1) and own.relkind = any ($2) and own.relname <> all ($3)
        and shared.relnamespace = any (select oid from pg_catalog.pg_namespace where nspname = any ($4))
        and shared.relkind = any ($2)`,
    [escapeIdentifier(schema), ['r', 'v', 'm', 'p', 'f'], [MARK_TABLE, migrationsTable], sharedSchemas],
  )
  if (rows[0] === undefined) return
  throw refusal(
    step,
    `makes "${rows[0].table}", which the shared schema ${rows[0].shared} has, too. A tenant without it would use the shared one: rename one of them, or take the schema out of \`sharedSchemas\``,
  )
}

/** The error for a migration that is stopped. */
export function refusal(
  { file }: MigrationStep,
  what: string,
  target?: GuardedTarget,
): MigrationRefusedError {
  return new MigrationRefusedError(`Migration ${file.name} ${what}. Nothing of it was kept.`, {
    migration: file.name,
    tenant: target?.tenant,
    prefix: target?.schema,
  })
}

/** The search_path of a migration, as SQL. */
export function pathOf(schema: string, sharedSchemas: readonly string[]): string {
  return [schema, ...sharedSchemas, 'pg_temp'].map((name) => escapeIdentifier(name)).join(', ')
}

function unquoted(path: string): string {
  return path.replaceAll('"', '').replaceAll(' ', '')
}
