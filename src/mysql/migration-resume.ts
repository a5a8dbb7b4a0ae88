import { MigrationUnfinishedError } from '../errors'
import type { JournalStatement } from './journal'
import type { RunTools, StatementRunner } from './migration-run'
import { sha256Of } from './sql'
import type { SqlStatement } from './split-statements'

/**
 * Finds out what an interrupted run of this migration did. A statement in doubt is settled by the tenant's definitions:
 * unchanged, it did nothing; changed, it is done.
 *
 * @returns the statements that are done, by number
 * @throws MigrationUnfinishedError where it can't be known
 */
export async function settle(
  tools: RunTools,
  runner: StatementRunner,
  tenant: string,
): Promise<readonly JournalStatement[]> {
  const { journal, schema, step } = tools
  const { name } = step.file
  const known = await journal.readStatements(schema, name)
  const last = known.at(-1)
  if (last?.state !== 'applying') return known
  const tookEffect = await runner.tookEffect(last)
  if (tookEffect === undefined) throw inDoubt(tools, tenant, last)
  if (tookEffect) await journal.confirm(schema, name, last.number)
  else await journal.withdraw(schema, name, last.number)
  return tookEffect ? known : known.slice(0, -1)
}

/** A file goes on only behind statements that it still has. @throws MigrationUnfinishedError */
export function expectSameBeginning(
  { step, schema }: RunTools,
  tenant: string,
  done: readonly JournalStatement[],
  statements: readonly SqlStatement[],
): void {
  const other = done.find(({ checksum, number }) => {
    const now = statements[number - 1]
    return now === undefined || sha256Of(now.text) !== checksum
  })
  if (other === undefined) return
  throw new MigrationUnfinishedError(
    `Migration ${step.file.name} (${step.direction}) of tenant "${tenant}" in "${schema}" can't go on: its statement ` +
      `${other.number} was run as "${shorten(other.text)}" and is another one in the file now. Put that part of the file ` +
      'back as it was (what comes behind it may change), or bring the tenant in order by hand and say so: ' +
      'rowhouse repair <tenant> --mark applied (or reverted).',
    { migration: step.file.name, tenant, prefix: schema, statement: other.number },
  )
}

function inDoubt(
  { step, schema }: RunTools,
  tenant: string,
  { number, text, kind }: JournalStatement,
): MigrationUnfinishedError {
  const why =
    kind === 'ddl'
      ? 'the server is of another version since'
      : 'such a statement can be done by half, or leaves no trace in the definitions'
  return new MigrationUnfinishedError(
    `Migration ${step.file.name} (${step.direction}) of tenant "${tenant}" in "${schema}" was interrupted in its statement ` +
      `${number}, "${shorten(text)}". Whether it took effect can't be known: ${why}. Look, and say: rowhouse repair <tenant> ` +
      '--retry (it did nothing), --skip (it is done), or --mark applied|reverted (all of the migration is, by hand).',
    { migration: step.file.name, tenant, prefix: schema, statement: number },
  )
}

/** The beginning of a statement, on one line. */
export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 120 ? `${line.slice(0, 119)}…` : line
}
