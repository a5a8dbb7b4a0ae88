import { escapeIdentifier, escapeLiteral } from 'pg'
import type { Mark, SurveyedTenant } from '../engine'
import type { SchemaName } from '../tenant/schema-name'
import type { PreparedRun } from './apply-migrations'
import { isWhole } from './apply-migrations'
import type { Bookkeeping } from './bookkeeping'
import { MARK_TABLE, markTable } from './marks'
import { pathOf, shadowSql } from './migration-guards'
import { lockKeyOf, PLAIN_RUNNER_LOCK, READ_AS_EVER, settingsOf } from './migration-lock'
import type { Limits } from './migration-lock'
import { sharedPrint, sharedTouch } from './shared-guard'
import { isClosed } from './split-statements'
import { NO_BOOKS, stateOf } from './survey'

/** What the text of a run is made with, the same for all tenants. */
export interface JoinTools {
  readonly bookkeeping: Bookkeeping
  readonly migrationsTable: string
  readonly sharedSchemas: readonly string[]
  readonly limits: Limits
}

/** SQLSTATE of our own: another process has the tenant. */
export const TAKEN = 'RHT01'
/** SQLSTATE of our own: the tenant is not what the survey found. */
export const STALE = 'RHT02'

/** As DISCARD ALL, which can't be in a transaction; what it consists of can ("DISCARD" of PostgreSQL's manual). */
const CLEAN =
  'close all; set session authorization default; reset all; deallocate all; unlisten *; select pg_advisory_unlock_all(); discard plans; discard temp; discard sequences'

/** The server reads a text whole before it runs any of it, so what changes how it is read would come too late. */
const CHANGES_READING =
  /standard_conforming_strings|backslash_quote|client_encoding|\bset\s+(?:session\s+|local\s+)?names\b(?!\s*=)/i

/** Whether a run can be one text in one transaction: nothing in it asks the database on the way, or must be outside. */
export function isJoinable(parts: PreparedRun): boolean {
  const rendered = parts.flatMap(({ steps }) => steps.map((step) => step.rendered))
  return isWhole(parts) && rendered.every((one) => one.kind === 'script' && one.statements.every(isSteady))
}

function isSteady(text: string): boolean {
  return isClosed(text) && !CHANGES_READING.test(text)
}

/**
 * The text that migrates one tenant: sent as one simple query it is one round trip and one transaction, with what is checked
 * step by step elsewhere in it. An error says that something is wrong, and not always what: then run it step by step.
 */
export function advanceText(tools: JoinTools, tenant: SurveyedTenant, parts: PreparedRun): string {
  const { schema, mark, books } = tenant
  const { bookkeeping } = tools
  const isNew = books.state === NO_BOOKS.state
  const isStale = `not exists (select from ${markTable(schema)} where ${isMark(mark)})${
    isNew
      ? ` or to_regclass(${escapeLiteral(bookkeeping.tableIn(schema))}) is not null`
      : ` or ${stateOf(bookkeeping.tableIn(schema))} is distinct from ${escapeLiteral(books.state)}`
  }`
  return joined([
    ...opening(tools, schema, isStale),
    isNew ? bookkeeping.creation(schema) : '',
    ...body(tools, schema, parts),
  ])
}

/**
 * The text that makes a tenant with all it needs.
 *
 * @param gifts - grants, as SQL
 */
export function birthText(
  tools: JoinTools,
  { schema, mark, gifts }: { readonly schema: SchemaName; readonly mark: string; readonly gifts: string },
  parts: PreparedRun,
): string {
  return joined([
    ...opening(tools, schema, `to_regnamespace(${escapeLiteral(escapeIdentifier(schema))}) is not null`),
    `create schema ${escapeIdentifier(schema)}`,
    mark,
    gifts,
    tools.bookkeeping.creation(schema),
    ...body(tools, schema, parts),
  ])
}

function opening({ limits }: JoinTools, schema: SchemaName, isStale: string): string[] {
  const locks = `pg_try_advisory_xact_lock_shared(${PLAIN_RUNNER_LOCK}) and pg_try_advisory_xact_lock(${lockKeyOf(schema)})`
  // Locked before it is looked at. Tried and not waited for: who waits holds a snapshot, for which CREATE INDEX CONCURRENTLY waits.
  const guard = `begin
    if not (${locks}) then raise exception using errcode = '${TAKEN}', message = 'taken'; end if;
    if ${isStale} then raise exception using errcode = '${STALE}', message = 'stale'; end if;
  end`
  return [
    // First, since it has begun as the session was before: the look behind the lock must see what was committed until then.
    'set transaction isolation level read committed',
    CLEAN,
    settingsOf(limits),
    `do ${escapeLiteral(guard)}`,
  ]
}

/** From search_path to books. SET and not SET LOCAL: were the transaction to end early, the rest must not go on in public. */
function body(tools: JoinTools, schema: SchemaName, parts: PreparedRun): string[] {
  const { bookkeeping, sharedSchemas } = tools
  const steps = parts.flatMap((part) => part.steps)
  const shared = sharedSchemas.length > 0 ? textArray(sharedSchemas) : undefined
  const remembered = [
    `set_config('rowhouse.path', current_setting('search_path'), true)`,
    `set_config('rowhouse.transaction', pg_current_xact_id()::text, true)`,
    ...(shared === undefined ? [] : [`set_config('rowhouse.shared', ${sharedPrint(shared)}, true)`]),
  ]
  const inPlace = mustHold(
    `current_schema() is not distinct from ${escapeLiteral(schema)} and current_setting('search_path') = current_setting('rowhouse.path')
       and pg_current_xact_id()::text = current_setting('rowhouse.transaction')`,
  )
  return [
    `set search_path to ${pathOf(schema, sharedSchemas)}`,
    `select ${remembered.join(', ')}`,
    inPlace,
    ...steps.flatMap(({ rendered }) => [...(rendered.kind === 'script' ? rendered.statements : []), inPlace]),
    shared === undefined ? '' : unchanged(tools, schema, shared, steps[0]?.step.direction === 'up'),
    bookkeeping.entries(
      schema,
      steps.map(({ step }) => step),
    ),
    // A function may have set it.
    READ_AS_EVER,
  ]
}

function unchanged(
  { migrationsTable }: JoinTools,
  schema: SchemaName,
  shared: string,
  isUp: boolean,
): string {
  const ours = textArray([MARK_TABLE, migrationsTable])
  const shadow = shadowSql(escapeLiteral(escapeIdentifier(schema)), ours, shared)
  return mustHold(
    `not ${sharedTouch(shared)} and ${sharedPrint(shared)} = current_setting('rowhouse.shared')${isUp ? ` and not exists (${shadow})` : ''}`,
  )
}

/** Division by zero where it does not. */
function mustHold(condition: string): string {
  return `select 1 / (${condition})::int`
}

function isMark({ tenancy, tenant, state }: Mark): string {
  const is = (column: string, value: string): string => `${column} = ${escapeLiteral(value)}`
  return `${is('tenancy', tenancy)} and ${is('tenant', tenant)} and ${is('state', state)}`
}

function textArray(values: readonly string[]): string {
  return `array[${values.map((value) => escapeLiteral(value)).join(', ')}]::text[]`
}

/** A line end before each semicolon, since a text may end with a comment. */
function joined(texts: readonly string[]): string {
  return texts
    .filter((text) => text !== '')
    .map((text) => `${text}\n;`)
    .join('\n')
}
