import type { QuerySqlToken } from 'slonik'
import { isLost } from '../../../isolation/support/judge'
import { failsBy } from '../../../isolation/support/turn'
import { failsInside, throwInnermost } from '../slonik-turn'
import type { SlonikTurn } from '../slonik-turn'
import type { SlonikKind } from '../stress-kinds'

/** Requests whose query is cancelled, or whose backend is killed. */
export const INTERRUPTIONS: readonly SlonikKind[] = [
  { name: 'statement timeout', weight: 2, tokens: ['gone', 'kept'], run: timeOut },
  { name: 'statement timeout left', weight: 2, run: leaveTimeout },
  { name: 'cancelled', weight: 3, tokens: ['gone', 'kept'], run: cancel },
  { name: 'cancelled nested', weight: 2, tokens: ['kept', 'gone'], run: cancelNested },
  // Plain slonik may count a connection that was killed in for ever, and give no answer any more.
  { name: 'suicide', weight: 1, tokens: ['gone'], blocksPlainPool: true, run: endOwnBackend },
  { name: 'suicide of the pool', weight: 1, tokens: ['kept'], blocksPlainPool: true, run: endPoolBackend },
  { name: 'killed', weight: 2, tokens: ['gone', 'kept'], blocksPlainPool: true, run: beKilled },
]

/** A mark for the server's list of running queries, and a sleep that no test waits out. */
function sleepMarked(turn: SlonikTurn): { readonly mark: string; readonly query: QuerySqlToken } {
  const mark = `${turn.base.tenant}-${turn.base.luck}`
  return { mark, query: turn.textQuery(`select pg_sleep(20) as "${mark}"`) }
}

async function timeOut(turn: SlonikTurn): Promise<void> {
  const failing = turn.slonik.transaction(async (tx) => {
    await turn.write(0, tx)
    await tx.query(turn.textQuery('set local statement_timeout = 5'))
    await tx.query(turn.textQuery('select pg_sleep(20)'))
  })
  await failsInside('57014', failing)
  await turn.write(1)
}

/** The next tenant on this connection must not be timed out. */
async function leaveTimeout(turn: SlonikTurn): Promise<void> {
  await turn.slonik.connect(async (connection) => {
    await connection.query(turn.textQuery('set statement_timeout = 200'))
    await turn.read(connection)
  })
}

async function cancel(turn: SlonikTurn): Promise<void> {
  const failing = turn.slonik.transaction(async (tx) => {
    const { mark, query } = sleepMarked(turn)
    await turn.write(0, tx)
    const sleeping = tx.query(query)
    await turn.base.outside.strike('cancel', mark, sleeping)
    await sleeping
  })
  await failsInside('57014', failing)
  await turn.write(1)
}

async function cancelNested(turn: SlonikTurn): Promise<void> {
  await turn.slonik.transaction(async (tx) => {
    await turn.write(0, tx)
    const failing = tx.transaction(async (inner) => {
      const { mark, query } = sleepMarked(turn)
      await turn.write(1, inner)
      const sleeping = inner.query(query)
      await turn.base.outside.strike('cancel', mark, sleeping)
      await sleeping
    })
    await failsInside('57014', failing)
    await turn.read(tx)
  })
}

const SUICIDE = 'select pg_terminate_backend(pg_backend_pid())'

async function endOwnBackend(turn: SlonikTurn): Promise<void> {
  const failing = turn.slonik.transaction(async (tx) => {
    await turn.write(0, tx)
    await tx.query(turn.textQuery(SUICIDE))
  })
  await failsInside('57P01', failing)
  await turn.read()
}

async function endPoolBackend(turn: SlonikTurn): Promise<void> {
  await failsInside('57P01', turn.slonik.query(turn.textQuery(SUICIDE)))
  await turn.write(0)
}

async function beKilled(turn: SlonikTurn): Promise<void> {
  const failing = turn.slonik.transaction(async (tx) => {
    const { mark, query } = sleepMarked(turn)
    await turn.write(0, tx)
    const sleeping = tx.query(query)
    await turn.base.outside.strike('terminate', mark, sleeping)
    await sleeping
  })
  // The end of the socket may be known before the server's reason for it is read.
  await failsBy(isLost, failing.catch(throwInnermost))
  await turn.write(1)
}
