import type { Pool, PoolConnection } from 'mysql2/promise'
import type { Hygiene } from '../../../src/mysql/hygiene'
import type { Fate } from '../../isolation/support/ledger'
import type { Item } from '../../isolation/support/town'
import type { Account, Errand } from '../../isolation/support/turn'
import type { MysqlSubject } from './stress-subjects'
import type { StressTown } from './stress-town'

/** One request, as its kind sees it. */
export interface MysqlTurn extends Errand {
  readonly tenant: string
  /** Name of the other tenant's database. */
  readonly otherDatabase: string
  readonly subject: MysqlSubject
  readonly town: StressTown
  readonly account: Account
}

/** One way in which requests use the pool. */
export interface MysqlKind {
  readonly name: string
  readonly weight: number
  readonly tokens?: readonly (Fate | 'other')[]
  /** Tenants in, rows out: no hostile SQL, no failure. */
  readonly isMild?: boolean
  /** Leaves state that is cleared from this level of hygiene on; on every one by default. */
  readonly clearedFrom?: Exclude<Hygiene, 'fast'>
  readonly run: (turn: MysqlTurn) => Promise<void>
}

/** The newest rows of a table, and in a small one its canary. */
export const READ = 'select token, tenant from items order by id desc limit 20'
/** Writes one token. */
export const WRITE = 'insert into items (token) values (?)'

/** What queries are made on. */
export type Asker = Pick<Pool, 'query' | 'execute'>

/** Takes down rows that were read, and the context they were read in. */
export function see(turn: MysqlTurn, rows: unknown, expected = turn.tenant): void {
  for (const { token, tenant } of rows as Item[])
    turn.account.seen.push({ expected, item: { token, tenant } })
  turn.account.contexts.push([expected, turn.subject.current()])
}

/** Reads the newest rows. */
export async function read(
  turn: MysqlTurn,
  on: Asker = turn.subject.pool,
  how: 'query' | 'execute' = 'query',
  expected = turn.tenant,
): Promise<void> {
  see(turn, (how === 'query' ? await on.query(READ) : await on.execute(READ))[0], expected)
}

/** Writes one of the request's tokens. */
export async function write(
  turn: MysqlTurn,
  index: number,
  on: Asker = turn.subject.pool,
  how: 'query' | 'execute' = 'query',
): Promise<void> {
  const values = [turn.tokens[index]!]
  await (how === 'query' ? on.query(WRITE, values) : on.execute(WRITE, values))
}

/** Checks out a connection for the time of `work`. */
export async function withConnection(
  turn: MysqlTurn,
  work: (connection: PoolConnection) => Promise<void>,
): Promise<void> {
  const connection = await turn.subject.pool.getConnection()
  try {
    await work(connection)
  } finally {
    connection.release()
  }
}

/** Waits for the failure that `work` must end with. @throws any other error, and where there is none */
export async function failsWith(code: string, work: Promise<unknown>): Promise<void> {
  const error = await work.then(
    () => new Error('no failure'),
    (thrown: Error & { code?: string }) => thrown,
  )
  if (!('code' in error) || error.code !== code)
    throw Object.assign(new Error(`Expected ${code}, got ${error.message}`, { cause: error }), error)
}
