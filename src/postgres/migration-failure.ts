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
import type { PreparedStep } from './render-migration'

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
  const { at, cause } = failure
  const { file, direction } = at.step
  if (cause instanceof MigrationRefusedError || cause instanceof MigrationTargetError) return cause
  const { message, code } = readThrown(cause)
  const details = { tenant, prefix: schema, migration: file.name, versions: remains.versions, cause }
  if (code === LOCK_NOT_AVAILABLE) {
    return new MigrationLockedError(
      `Migration ${file.name} (${direction}) of tenant "${tenant}" waited too long for a lock: ${message}. End the transaction ` +
        `that holds it, or raise \`lockTimeoutMs\`, and run again. ${remains.sentence}`,
      details,
    )
  }
  const line =
    at.rendered.kind === 'script'
      ? lineAt(at.rendered.statements, (cause as { position?: string } | undefined)?.position)
      : undefined
  return new MigrationFailedError(
    `Migration ${file.name} (${direction}) failed for tenant "${tenant}" in "${schema}": ${message}` +
      `${code === undefined ? '' : ` [SQLSTATE ${code}]`}${line === undefined ? '' : `, at: ${line}`}. ${remains.sentence}`,
    details,
  )
}

/** The line that the server points at; it tells the position within one statement and not in which one. */
function lineAt(statements: readonly string[], position: string | undefined): string | undefined {
  if (position === undefined || statements.length !== 1) return undefined
  const at = Number(position) - 1
  const sql = statements[0]!
  const start = sql.lastIndexOf('\n', at - 1) + 1
  return sql.slice(start).split('\n', 1)[0]!.trim().slice(0, 120)
}
