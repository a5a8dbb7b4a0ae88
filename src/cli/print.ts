import Table from 'cli-table3'
import {
  MigrationFailedError,
  MigrationLockedError,
  MigrationUnfinishedError,
  RowhouseError,
} from '../errors'
import type { TenantProblem } from '../fleet/status-fleet'
import { paintFor } from './paint'
import type { Paint } from './paint'

/** Where a command's words go, and in which form. */
export interface Printer {
  /** One result: a sentence for people, or the value as one line of JSON. */
  result(value: object, sentence: string): void
  /** A list: a table for people, or one line of JSON. */
  table(head: readonly string[], rows: readonly (readonly string[])[], values: readonly object[]): void
  /** On standard error, in both forms. `didYouMean`: the name that was probably meant. */
  error(error: unknown, hint?: { readonly didYouMean?: string }): void
}

/** Streams of a command; the process's own, or a test's. */
export interface Output {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Which of the two show colours. Default: none. */
  readonly colours?: { readonly out: boolean; readonly err: boolean } | undefined
}

/** Makes a printer. */
export function createPrinter({ out, err, colours }: Output, isJson: boolean): Printer {
  const [paint, paintErr] = [paintFor(colours?.out === true), paintFor(colours?.err === true)]
  return {
    result: (value, sentence) => out(`${isJson ? JSON.stringify(value) : sentence}\n`),
    table: (head, rows, values) =>
      out(`${isJson ? JSON.stringify(values) : drawTable(head.map(paint.strong), rows)}\n`),
    error(error, hint = {}) {
      const told = { status: 'error', ...describeError(error), ...hint }
      err(`${isJson ? JSON.stringify(told) : tellError(error, hint.didYouMean, paintErr)}\n`)
    },
  }
}

/** What is worth knowing of an error, as plain values. */
export function describeError(error: unknown): Record<string, unknown> {
  const { message, code } = error as { message?: string; code?: string }
  const tenant = error instanceof RowhouseError ? error.tenant : undefined
  return { code, message: message || code || String(error), tenant, ...describeMigration(error) }
}

/** So many tenants that a line for each is read. */
export const FEW = 20

/** Problems of tenants as JSON.stringify can write them: an Error has no fields of its own that it takes. */
export function describeProblems(
  problems: readonly TenantProblem[],
): readonly { readonly tenant: string; readonly error: Record<string, unknown> }[] {
  return problems.map(({ tenant, error }) => ({ tenant, error: describeError(error) }))
}

/** The first names of a list, and how many follow. */
export function shortList(names: readonly string[], most = 5): string {
  return names.length > most
    ? `${names.slice(0, most).join(', ')} and ${(names.length - most).toLocaleString('en')} more`
    : names.join(', ')
}

function describeMigration(error: unknown): Record<string, unknown> {
  if (error instanceof MigrationUnfinishedError)
    return { migration: error.migration, statement: error.statement }
  if (error instanceof MigrationLockedError) return { migration: error.migration, versions: error.versions }
  if (!(error instanceof MigrationFailedError)) return {}
  const { migration, versions, statement, line } = error
  return { migration, versions, statement, line }
}

function tellError(error: unknown, meant: string | undefined, { bad }: Paint): string {
  const { message } = describeError(error)
  const hint = meant === undefined ? '' : `\n(Did you mean ${meant}?)`
  return `${bad('error:')} ${String(message)}${hint}`
}

function drawTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return 'none'
  const border = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  }
  const inner = { left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' }
  const table = new Table({
    head: [...head],
    chars: { ...border, ...inner },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  for (const row of rows) table.push([...row])
  return table.toString().replace(/[ ]+$/gm, '')
}
