import { awaitedLater } from '../../../isolation/support/turn'
import { failsInside } from '../slonik-turn'
import type { SlonikTurn } from '../slonik-turn'
import type { SlonikKind } from '../stress-kinds'

/** Requests with a connection or a transaction of their own. */
export const TRANSACTIONS: readonly SlonikKind[] = [
  { name: 'connection', weight: 5, tokens: ['kept'], isMild: true, run: connect },
  { name: 'commit', weight: 6, tokens: ['kept', 'kept'], isMild: true, run: commit },
  { name: 'rollback', weight: 5, tokens: ['gone', 'kept'], run: rollBack },
  { name: 'error and rollback', weight: 4, tokens: ['gone', 'kept'], run: failInside },
  { name: 'error and commit', weight: 2, tokens: ['gone'], run: commitFailed },
  { name: 'nested', weight: 4, tokens: ['kept', 'kept'], isMild: true, run: nest },
  { name: 'nested rollback', weight: 4, tokens: ['kept', 'gone', 'kept'], run: rollBackNested },
  { name: 'tried again', weight: 3, tokens: ['kept'], run: tryAgain },
  // Slonik gives the connection on with the transaction that was left in it.
  { name: 'left open', weight: 2, tokens: ['gone'], blocksPlainPool: true, run: leaveOpen },
  { name: 'not waited for', weight: 2, tokens: ['open'], blocksPlainPool: true, run: returnTooEarly },
]

const thrown = new Error('of the handler')

async function endsWithThrown(work: Promise<unknown>): Promise<void> {
  await work.then(
    () => Promise.reject(new Error('The transaction should have failed.')),
    (error: unknown) => (error === thrown ? undefined : Promise.reject(error)),
  )
}

async function connect(turn: SlonikTurn): Promise<void> {
  await turn.slonik.connect(async (connection) => {
    await turn.read(connection)
    await turn.write(0, connection)
    await connection.transaction((tx) => turn.read(tx))
  })
}

async function commit(turn: SlonikTurn): Promise<void> {
  await turn.slonik.transaction(async (tx) => {
    await turn.write(0, tx)
    await turn.read(tx)
    await turn.write(1, tx)
  })
}

async function rollBack(turn: SlonikTurn): Promise<void> {
  const failing = turn.slonik.transaction(async (tx) => {
    await turn.write(0, tx)
    await turn.read(tx)
    throw thrown
  })
  await endsWithThrown(failing)
  await turn.write(1)
}

async function failInside(turn: SlonikTurn): Promise<void> {
  const failing = turn.slonik.transaction(async (tx) => {
    await turn.write(0, tx)
    await tx.query(turn.textQuery('select 1 / (random() * 0)::int'))
  })
  await failsInside('22012', failing)
  await turn.write(1)
}

/** COMMIT of a failed transaction is no error: it answers ROLLBACK. */
async function commitFailed(turn: SlonikTurn): Promise<void> {
  await turn.slonik.transaction(async (tx) => {
    await turn.write(0, tx)
    await failsInside('42P01', tx.query(turn.textQuery('select * from nothing_of_that_name')))
  })
  await turn.read()
}

async function nest(turn: SlonikTurn): Promise<void> {
  await turn.slonik.transaction(async (tx) => {
    await turn.write(0, tx)
    await tx.transaction(async (inner) => {
      await turn.write(1, inner)
      await inner.transaction((innermost) => turn.read(innermost))
    })
    await turn.read(tx)
  })
}

async function rollBackNested(turn: SlonikTurn): Promise<void> {
  await turn.slonik.transaction(async (tx) => {
    await turn.write(0, tx)
    const failing = tx.transaction(async (inner) => {
      await turn.write(1, inner)
      if (turn.base.luck % 2) throw thrown
      await inner.query(turn.textQuery('select 1 / (random() * 0)::int'))
    })
    await (turn.base.luck % 2 ? endsWithThrown(failing) : failsInside('22012', failing))
    await turn.read(tx)
    await turn.write(2, tx)
  })
}

/** Slonik runs the handler anew after a serialization failure: the write of the first time must be gone. */
async function tryAgain(turn: SlonikTurn): Promise<void> {
  let tries = 0
  await turn.slonik.transaction(async (tx) => {
    tries += 1
    await turn.write(0, tx)
    if (tries > 1) return
    await tx.query(turn.textQuery(`do $$ begin raise exception 'again' using errcode = '40001'; end $$`))
  })
  await turn.read()
}

async function leaveOpen(turn: SlonikTurn): Promise<void> {
  await turn.slonik.connect(async (connection) => {
    await connection.query(turn.textQuery('begin'))
    await turn.write(0, connection)
  })
  await turn.read()
}

async function returnTooEarly(turn: SlonikTurn): Promise<void> {
  let running: Promise<unknown> = Promise.resolve()
  await turn.slonik.connect(async (connection) => {
    running = awaitedLater(Promise.all([turn.write(0, connection), turn.read(connection)]))
  })
  await running
}
