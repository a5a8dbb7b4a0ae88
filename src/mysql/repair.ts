import type { Repair, UnfinishedMigration } from '../engine'
import { MigrationTargetError } from '../errors'
import type { Journal, JournalEntry } from './journal'

/** Ends what can't be known of an unfinished migration, as a person says. @throws MigrationTargetError where there is none */
export async function repair(journal: Journal, schema: string, how: Repair): Promise<void> {
  const entry = (await journal.read(schema)).find(({ state }) => state !== 'applied')
  if (entry === undefined) {
    throw new MigrationTargetError(`There is nothing to repair in "${schema}": no migration is unfinished.`)
  }
  const { name } = entry
  if (how.mark === 'applied') return journal.finish(schema, name)
  if (how.mark === 'reverted') return journal.remove(schema, name)
  const last = (await journal.readStatements(schema, name)).at(-1)
  if (last?.state !== 'applying') {
    if (how.retry === true) return
    throw new MigrationTargetError(
      `No statement of ${name} in "${schema}" is in doubt, so there is none to skip. Run the migration again to go on.`,
    )
  }
  if (how.retry === true) await journal.withdraw(schema, name, last.number)
  else await journal.confirm(schema, name, last.number)
}

/** What a journal says of a migration that is not at its end. */
export async function readUnfinished(
  journal: Journal,
  schema: string,
  entries: readonly JournalEntry[],
): Promise<UnfinishedMigration | undefined> {
  const entry = entries.find(({ state }) => state !== 'applied')
  if (entry === undefined) return undefined
  const last = (await journal.readStatements(schema, entry.name)).at(-1)
  const statement = (last?.number ?? 0) + (last?.state === 'applying' ? 0 : 1)
  return { name: entry.name, direction: entry.direction, statement, error: entry.error ?? undefined }
}
