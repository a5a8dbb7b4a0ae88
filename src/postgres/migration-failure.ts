import type { MigrationStep } from '../engine'
import {
  MigrationFailedError,
  MigrationLockedError,
  MigrationRefusedError,
  MigrationTargetError,
} from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import { readThrown } from '../thrown'
import type { Bookkeeping } from './bookkeeping'
import type { GuardedTarget } from './migration-guards'
import type { PreparedStep, RenderedMigration } from './render-migration'
import type { SqlStatement } from './split-statements'

/** What is in the database after a run that failed. */
export interface Remains {
  /** Versions that stay, in the order they ran. */
  readonly versions: readonly number[]
  /** The same in words, `Nothing was kept.` */
  readonly sentence: string
}

/** A step of a run failed, or the end of the transaction behind it; the caller knows what remains. */
export class StepFailure extends Error {
  readonly at: PreparedStep
  override readonly cause: unknown

  constructor(at: PreparedStep, cause: unknown) {
    super()
    this.at = at
    this.cause = cause
  }
}

/** One of the statements of a step failed. */
export class StatementFailure extends Error {
  readonly statement: NumberedStatement
  override readonly cause: unknown

  constructor(statement: NumberedStatement, cause: unknown) {
    super()
    this.statement = statement
    this.cause = cause
  }
}

/** A statement of a step. */
export interface NumberedStatement extends SqlStatement {
  /** From 1. */
  readonly number: number
}

/** The transaction of a step is another one afterwards: the step ended it, unseen. */
export class TransactionEnded extends Error {
  constructor() {
    super(
      'it ended the transaction that it ran in. What it did itself before that may stay without being in the books, so look at the schema',
    )
  }
}

/** SQLSTATE of a lock that was not to be had in time. */
export const LOCK_NOT_AVAILABLE = '55P03'

/** Reads from the books which steps stand; `kept` is what is known where the connection is gone. */
export async function readRemains(
  bookkeeping: Bookkeeping,
  {
    schema,
    steps,
    kept,
  }: {
    readonly schema: SchemaName
    readonly steps: readonly MigrationStep[]
    readonly kept: readonly number[]
  },
): Promise<Remains> {
  const applied = await bookkeeping.read(schema).catch(() => undefined)
  const stand = steps.filter(({ file, direction }) => applied?.includes(file.name) === (direction === 'up'))
  const versions = applied === undefined ? kept : stand.map(({ file }) => file.version)
  const known = versions.length > 0 ? `Versions ${versions.join(', ')} were kept.` : 'Nothing was kept.'
  return {
    versions,
    sentence: applied === undefined ? `${known} The books could not be asked after it.` : known,
  }
}

/** What a caller is told of a failed run; what is no failure of a step stays as it is. */
export function toRunError(failure: unknown, { schema, tenant }: GuardedTarget, remains: Remains): unknown {
  if (!(failure instanceof StepFailure)) return failure
  const { file, direction } = failure.at.step
  const failed = failure.cause instanceof StatementFailure ? failure.cause : undefined
  const cause = failed === undefined ? failure.cause : failed.cause
  if (cause instanceof MigrationRefusedError || cause instanceof MigrationTargetError) return cause
  const { message, code } = readThrown(cause)
  const details = { tenant, prefix: schema, migration: file.name, versions: remains.versions, cause }
  if (code === LOCK_NOT_AVAILABLE) {
    return new MigrationLockedError(
      `Migration ${file.name} (${direction}) of tenant "${tenant}" waited too long for a lock: ${message}${quoted(failed?.statement.text)}. ` +
        `End the transaction that holds it, or raise \`lockTimeoutMs\`, and run again. ${remains.sentence}`,
      details,
    )
  }
  const place = placeOf(failure.at.rendered, failed)
  const line = place.line === undefined ? '' : `, line ${place.line}`
  const where = place.statement === undefined ? '' : ` at statement ${place.statement}${line}`
  return new MigrationFailedError(
    `Migration ${file.name} (${direction}) failed for tenant "${tenant}" in "${schema}"${where}: ${message}` +
      `${code === undefined ? '' : ` [SQLSTATE ${code}]`}${quoted(place.text)}. ${remains.sentence}`,
    { ...details, statement: place.statement, line: place.line },
  )
}

/** Where in a migration the server found fault. */
interface Place {
  readonly statement?: number
  /** In its file; of what a program makes there is none. */
  readonly line?: number | undefined
  readonly text?: string | undefined
}

/** The statement, and of it the line that the server points at, or else the first one. */
function placeOf(rendered: RenderedMigration, failed: StatementFailure | undefined): Place {
  if (failed === undefined) return {}
  const { number, line, text } = failed.statement
  const position = (failed.cause as { position?: string } | undefined)?.position
  const before = text.slice(0, position === undefined ? 0 : Number(position) - 1)
  const start = before.lastIndexOf('\n') + 1
  const isOfFile = rendered.kind === 'script' && rendered.firstLine !== undefined
  return {
    statement: number,
    line: isOfFile ? line + before.split('\n').length - 1 : undefined,
    text: text.slice(start).split('\n', 1)[0],
  }
}

function quoted(text: string | undefined): string {
  return text === undefined ? '' : `, at: ${text.trim().slice(0, 120)}`
}
