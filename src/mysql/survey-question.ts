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

/** As it is answered. */
type Answer = Mark & { readonly place: number; readonly books: number | string }

const MIXED_COLLATIONS = /^ER_CANT_AGGREGATE_/
/** ER_ILLEGAL_PARAMETER_DATA_TYPE(S2)_FOR_OPERATION of MariaDB, which mysql2 calls by MySQL's names for these numbers. */
const UNFIT_TYPES = new Set<unknown>([4078, 4079])

/** One question for all of them, answered by their places; undefined where one can't be read in this way. */
export async function askTogether(
  { session, table }: SurveyTools,
  schemas: readonly SchemaName[],
): Promise<readonly (SurveyedRow | undefined)[] | undefined> {
  // Short, because there are many, and without conversions, which took as long as the rest of the mark.
  const parts = schemas.map((schema, at) => {
    const [place, books] = at === 0 ? [' as place', ' as books'] : ['', '']
    return `select ${at}${place},tenancy,tenant,state,(${selectDigest(schema, table)})${books} from ${tableIn(schema, MARK_TABLE)}`
  })
  try {
    const answers = await session.rows<Answer>(parts.join(' union all '))
    return answers.every(isText) ? byPlace(answers, schemas.length) : undefined
  } catch (error) {
    if (isUnreadable(error) || isUnfit(error)) return undefined
    throw error
  }
}

/** Bytes in one column of one table make bytes of all, which are no names and no states of anybody. */
function isText({ tenancy, tenant, state }: Answer): boolean {
  return [tenancy, tenant, state].every((one) => typeof one === 'string')
}

/** Columns of another's table can't be joined with ours, or digested; alone they can be read. */
function isUnfit(error: unknown): boolean {
  const { errno } = error as { errno?: number }
  return UNFIT_TYPES.has(errno) || MIXED_COLLATIONS.test(readThrown(error).code ?? '')
}

function byPlace(answers: readonly Answer[], count: number): readonly (SurveyedRow | undefined)[] {
  const rows = new Array<SurveyedRow | undefined>(count).fill(undefined)
  for (const { place, tenancy, tenant, state, books } of answers)
    rows[Number(place)] = { tenancy, tenant, state, digest: String(books) }
  return rows
}
