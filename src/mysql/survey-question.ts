import type { Mark } from '../engine'
import type { SchemaName } from '../tenant/schema-name'
import { readThrown } from '../thrown'
import type { Journal } from './journal'
import { selectDigest } from './journal-state'
import { isUnreadable, MARK_TABLE } from './marks'
import type { MigrationSession } from './migration-session'
import { tableIn } from './sql'

/** What a survey works with. */
export interface SurveyTools {
  readonly session: MigrationSession
  readonly journal: Journal
  /** `schema_migrations` */
  readonly table: string
}

/** What is known of a tenant: its mark, and the digest of its journal. */
export type SurveyedRow = Mark & { readonly digest: string }

/** A mark, or with nothing behind it the digest of a journal. */
type Half = { readonly place: number; readonly first: string } & (
  { readonly tenant: string; readonly state: Mark['state'] } | { readonly tenant: null; readonly state: null }
)

const MIXED_COLLATIONS = /^ER_CANT_AGGREGATE_/
/** ER_ILLEGAL_PARAMETER_DATA_TYPES2_FOR_OPERATION of MariaDB, which mysql2 calls by MySQL's name for this number. */
const MIXED_TYPES = 4078

/** One question for all of them, answered by their places; undefined where one can't be read in this way. */
export async function askTogether(
  { session, table }: SurveyTools,
  schemas: readonly SchemaName[],
): Promise<readonly (SurveyedRow | undefined)[] | undefined> {
  const parts = schemas.map(
    (schema, place) =>
      // Not joined, and no sub-select: MariaDB would write a table for each of them, or plan each anew. Short, because there are
      // many, and without conversions, which took as long as the rest of the mark.
      `select ${place} as place,tenancy as first,tenant,state from ${tableIn(schema, MARK_TABLE)} union all ${selectDigest(
        schema,
        table,
        { before: `${place},`, behind: ',null,null' },
      )}`,
  )
  try {
    const halves = await session.rows<Half>(parts.join(' union all '))
    return halves.every(isText) ? joined(halves, schemas.length) : undefined
  } catch (error) {
    if (isUnreadable(error) || isMixed(error)) return undefined
    throw error
  }
}

/** Bytes in one column of one table make bytes of all, which are no names and no states of anybody. */
function isText({ first, tenant, state }: Half): boolean {
  return typeof first === 'string' && [tenant, state].every((one) => one === null || typeof one === 'string')
}

/** Columns of another's table can't be joined with ours; alone they can be read. */
function isMixed(error: unknown): boolean {
  const { errno } = error as { errno?: number }
  return errno === MIXED_TYPES || MIXED_COLLATIONS.test(readThrown(error).code ?? '')
}

/** By their places, of those that have both halves. */
function joined(halves: readonly Half[], count: number): readonly (SurveyedRow | undefined)[] {
  const marks = new Map<number, Mark>()
  const digests = new Map<number, string>()
  for (const { place, first, tenant, state } of halves) {
    if (tenant === null) digests.set(Number(place), first)
    else marks.set(Number(place), { tenancy: first, tenant, state })
  }
  return Array.from({ length: count }, (_, place) => {
    const [mark, digest] = [marks.get(place), digests.get(place)]
    return mark === undefined || digest === undefined ? undefined : { ...mark, digest }
  })
}
