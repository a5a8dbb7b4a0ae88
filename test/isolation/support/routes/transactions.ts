import type { PoolClient } from 'pg'
import type { Kind } from '../kind'
import { awaitedLater, failsWith, READ, WRITE } from '../turn'
import type { Turn } from '../turn'

/** Requests with a transaction of their own. */
export const TRANSACTIONS: readonly Kind[] = [
  { name: 'commit', style: 'promise', weight: 4, tokens: ['kept', 'kept'], run: commit },
  { name: 'rollback', style: 'promise', weight: 4, tokens: ['gone', 'kept'], run: rollBack },
  { name: 'error and rollback', style: 'promise', weight: 4, tokens: ['gone', 'kept'], run: failInside },
  { name: 'error and commit', style: 'promise', weight: 2, tokens: ['gone'], run: commitFailed },
  { name: 'savepoint', style: 'promise', weight: 3, tokens: ['kept', 'gone', 'kept'], run: useSavepoint },
  { name: 'left open', style: 'promise', weight: 2, tokens: ['gone'], run: leaveOpen },
  { name: 'left failed', style: 'promise', weight: 2, tokens: ['gone'], run: leaveFailed },
  { name: 'begin in one text', style: 'promise', weight: 2, tokens: ['kept', 'gone'], run: beginInOneText },
  { name: 'queued', style: 'promise', weight: 1, tokens: ['kept', 'kept'], run: queueAll },
  { name: 'queued over release', style: 'promise', weight: 1, tokens: ['open'], run: releaseTooEarly },
]

/** `begin`, work, `commit`; after an error `rollback`, and the error. */
async function transaction(client: PoolClient, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

function commit(turn: Turn): Promise<void> {
  return turn.withClient((client) =>
    transaction(client, async () => {
      await turn.write(0, client)
      await turn.read(client)
      await turn.write(1, client)
    }),
  )
}

async function rollBack(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query('begin')
    await turn.write(0, client)
    await turn.read(client)
    await client.query('rollback')
    await turn.write(1, client)
  })
  await turn.read()
}

async function failInside(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query(turn.luck % 2 ? 'begin isolation level repeatable read' : 'begin')
    await turn.write(0, client)
    await failsWith('22012', client.query('select 1 / (random() * 0)::int'))
    await failsWith('25P02', client.query(READ))
    await client.query('rollback')
    await turn.read(client)
    await turn.write(1, client)
  })
}

/** COMMIT of a failed transaction is no error: it answers ROLLBACK. */
async function commitFailed(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query('begin')
    await turn.write(0, client)
    await failsWith('42P01', client.query('select * from nothing_of_that_name'))
    await client.query('commit')
    await turn.read(client)
  })
}

function useSavepoint(turn: Turn): Promise<void> {
  return turn.withClient((client) =>
    transaction(client, async () => {
      await turn.write(0, client)
      await client.query('savepoint here')
      await turn.write(1, client)
      if (turn.luck % 2) await failsWith('22012', client.query('select 1 / (random() * 0)::int'))
      await client.query('rollback to savepoint here')
      await turn.read(client)
      await turn.write(2, client)
    }),
  )
}

async function leaveOpen(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query('begin')
    await turn.write(0, client)
  })
  await turn.read()
}

async function leaveFailed(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query('begin')
    await turn.write(0, client)
    await failsWith('22012', client.query('select 1 / (random() * 0)::int'))
  })
  await turn.read()
}

async function beginInOneText(turn: Turn): Promise<void> {
  const [kept, gone] = turn.tokens.map((token) => `insert into items (token) values ('${token}')`)
  await turn.withClient(async (client) => {
    await client.query(`begin; ${kept}; commit; begin; ${gone}`)
    await turn.read(client)
    await client.query('rollback; begin')
    await turn.read(client)
    await client.query(`rollback; ${READ}`)
    await turn.read(client)
  })
}

async function queueAll(turn: Turn): Promise<void> {
  await turn.withClient((client) =>
    Promise.all([
      client.query('begin'),
      client.query(WRITE, [turn.tokens[0]]),
      client.query(WRITE, [turn.tokens[1]]),
      client.query('commit'),
      turn.read(client),
    ]),
  )
}

async function releaseTooEarly(turn: Turn): Promise<void> {
  let running: Promise<unknown> = Promise.resolve()
  await turn.withClient(async (client) => {
    running = awaitedLater(Promise.all([turn.write(0, client), turn.read(client)]))
  })
  await running
}
