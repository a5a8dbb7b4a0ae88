import type { Hygiene } from '../../../src/postgres/hygiene'
import type { Finding } from '../../isolation/support/ledger'

/** Servers, drivers and modes that there is a pool for: `roles` with a role per tenant, `local` behind a PgBouncer. */
export const ENGINES = [
  'postgres-18',
  'postgres-15',
  'postgres-18-roles',
  'postgres-18-local',
  'mysql',
  'mysql-roles',
  'slonik',
] as const
/** One of {@link ENGINES}. */
export type EngineName = (typeof ENGINES)[number]
/** From the least to the most. */
export const HYGIENES = ['fast', 'auto', 'strict'] as const satisfies readonly Hygiene[]

/** One round: that many requests of these kinds on a fresh pool. The same plan makes the same requests. */
export interface Plan {
  readonly seed: number
  readonly requests: number
  /** Names of kinds; those that the rig does not have are passed over. */
  readonly kinds: readonly string[]
}

/** What came of a round. */
export interface Figures {
  readonly requests: number
  /** Statements that the requests gave to their drivers. */
  readonly statements: number
  readonly rowsSeen: number
  /** Acknowledged writes. */
  readonly writes: number
  /** Requests answered 2xx. */
  readonly acknowledged: number
  /** Requests that failed because of a cancelled query or a lost connection. */
  readonly disturbed: number
  readonly findings: readonly Finding[]
}

/** One engine on one level of hygiene, with a town of tenants on a server. */
export interface Rig {
  readonly engine: EngineName
  readonly hygiene: Hygiene
  /** Names of the kinds whose promises hold on this level. */
  readonly kinds: readonly string[]
  /** Empties the town's tables, does the round, and compares. Nothing of it is kept. */
  round(plan: Plan): Promise<Figures>
}

/** Requests at once at most. */
const MOST_AT_ONCE = 200
/** Queries and connections struck from outside, and connections cut, for each wave of requests. */
const STRIKES = 10

/** Splits the requests of a round into waves, as `stress` takes them. */
export function wavesOf({ seed, requests }: Plan): {
  readonly seed: number
  readonly rounds: number
  readonly concurrency: number
  readonly strikes: number
  readonly cuts: number
} {
  const rounds = Math.ceil(requests / MOST_AT_ONCE)
  const concurrency = Math.ceil(requests / rounds)
  const strikes = Math.ceil((STRIKES * concurrency) / MOST_AT_ONCE)
  return { seed, rounds, concurrency, strikes, cuts: strikes }
}
