import { escapeIdentifier } from 'pg'
import type { Mark, MigrationStep } from '../engine'
import { SchemaNotOursError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import type { Access } from './access'
import { applyRun, isWhole, prepareRun } from './apply-migrations'
import type { RunTools } from './apply-migrations'
import { dropSchema } from './drop-schema'
import { readMark, writeMark, writeState } from './marks'
import type { Remains } from './migration-failure'

/** What is to be made. */
export interface NewSchema {
  readonly schema: SchemaName
  readonly mark: Mark
  readonly steps: readonly MigrationStep[]
}

/** The schema has come since it was looked for: 42P06, or 23505 where both were made at once. */
const TAKEN = new Set(['42P06', '23505'])

/**
 * Makes a schema with its mark, books, grants and migrations: in one transaction, or, where a migration can't be in one,
 * with a mark in the state `creating` until all of them have run.
 *
 * @throws ConfigError, SchemaNotOursError, MigrationFailedError, MigrationRefusedError; then nothing is left, or a half-made tenant
 */
export async function createSchema(
  tools: RunTools,
  access: Access,
  { schema, mark, steps }: NewSchema,
): Promise<void> {
  const { client, bookkeeping, renderer } = tools
  await access.expectRoom(schema)
  const parts = await prepareRun(renderer, steps)
  const isOne = isWhole(parts)
  const open = async (): Promise<void> => {
    await makeSchema(tools, schema, mark.tenant)
    await writeMark(client, schema, isOne ? mark : { ...mark, state: 'creating' })
    await access.give(schema)
    await bookkeeping.ensure(schema)
  }
  const settle = async (): Promise<Remains> => (isOne ? NOTHING : undo(tools, access, schema, mark))
  await applyRun(tools, { schema, tenant: mark.tenant }, parts, { open, settle })
  if (!isOne) await writeState(client, schema, mark.state)
}

const NOTHING: Remains = { versions: [], sentence: 'Nothing was kept.' }

async function makeSchema({ client }: RunTools, schema: SchemaName, tenant: string): Promise<void> {
  try {
    await client.query(`create schema ${escapeIdentifier(schema)}`)
  } catch (cause) {
    if (!TAKEN.has((cause as { code?: string }).code ?? '')) throw cause
    throw new SchemaNotOursError(
      `Schema "${schema}" was made by somebody else in this moment. If it is a tenant of yours that another tool made, adopt it (rowhouse adopt). Nothing was changed.`,
      { tenant, cause },
    )
  }
}

/** Takes away what the parts before have committed, and only that: our mark says that the tenant was never whole. */
async function undo(
  { client }: RunTools,
  access: Access,
  schema: SchemaName,
  { tenancy, tenant }: Mark,
): Promise<Remains> {
  try {
    const mark = await readMark(client, schema)
    const isOurs = mark?.tenancy === tenancy && mark.tenant === tenant && mark.state === 'creating'
    if (isOurs) await dropSchema(client, schema, { tenant, access })
    return NOTHING
  } catch {
    // The first error is the one to tell: a lost connection, say, that can't clean up either.
    return {
      versions: [],
      sentence: `The tenant is half made (state "creating") and not served: create it again, or drop it.`,
    }
  }
}
