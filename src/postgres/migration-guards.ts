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

/** A step before it runs, or after it did. */
export interface GuardedStep extends MigrationStep {
  /** It ran outside of a transaction, so that nothing undoes it. */
  readonly isKept?: boolean
}

/** Refuses what the text of a migration says it would do beyond its tenant. @throws {@link MigrationRefusedError} */
export function refuseUnsafe(sql: string, step: MigrationStep): void {
  const [problem] = lintMigration(sql)
  if (problem !== undefined) throw refusal(step, `${problem.message}. The statement: ${problem.statement}`)
}

/** Where a connection is. */
export interface Place {
  readonly schema: string | null
  readonly path: string
  /** Id of its transaction, where it has one. */
  readonly transaction: string | null
}

/** Asks a connection where it is. */
export async function readPlace(client: Client): Promise<Place> {
  const { rows } = await client.query<Place>(
    `select current_schema() as schema, current_setting('search_path') as path,
            pg_current_xact_id_if_assigned()::text as transaction`,
  )
  return rows[0]!
}

/** The connection must be in the tenant's schema: DDL would otherwise succeed in a shared or a temporary one. */
export function expectPlace(
  place: Place,
  { sharedSchemas }: GuardedRun,
  { schema }: GuardedTarget,
  step: GuardedStep,
): void {
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
  step: GuardedStep,
): Promise<void> {
  if (sharedSchemas.length === 0 || step.direction === 'down') return
  const { rows } = await client.query<{ table: string; shared: string }>(shadowSql('$1', '$2', '$3'), [
    escapeIdentifier(schema),
    [MARK_TABLE, migrationsTable],
    sharedSchemas,
  ])
  if (rows[0] === undefined) return
  throw refusal(
    step,
    `makes "${rows[0].table}", which the shared schema ${rows[0].shared} has, too. A tenant without it would use the shared one: rename one of them, or take the schema out of \`sharedSchemas\``,
  )
}

/**
 * Which tables of a tenant a shared schema has, too.
 *
 * @param schema, ours, shared - the tenant's quoted, tables of ours, the shared ones, as SQL expressions
 */
export function shadowSql(schema: string, ours: string, shared: string): string {
  return `select own.relname as table, shared.relnamespace::regnamespace::text as shared
       from pg_catalog.pg_class own join pg_catalog.pg_class shared on shared.relname = own.relname
      where own.relnamespace = to_regnamespace(${schema}) and own.relkind in ('r', 'v', 'm', 'p', 'f')
        and own.relname <> all (${ours})
        and shared.relnamespace = any (select oid from pg_catalog.pg_namespace where nspname = any (${shared}))
        and shared.relkind in ('r', 'v', 'm', 'p', 'f')`
}

/** The error for a migration that is stopped. */
export function refusal({ file, isKept = false }: GuardedStep, what: string): MigrationRefusedError {
  const kept = isKept
    ? 'It ran outside of a transaction: what it did stays, and is not in the books.'
    : 'Nothing of it was kept.'
  return new MigrationRefusedError(`Migration ${file.name} ${what}. ${kept}`, { migration: file.name })
}

/** The search_path of a migration, as SQL. */
export function pathOf(schema: string, sharedSchemas: readonly string[]): string {
  return [schema, ...sharedSchemas, 'pg_temp'].map((name) => escapeIdentifier(name)).join(', ')
}

function unquoted(path: string): string {
  return path.replaceAll('"', '').replaceAll(' ', '')
}
