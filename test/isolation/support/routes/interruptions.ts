import type { Kind } from '../kind'
import { failsWith } from '../turn'
import type { Turn } from '../turn'

/** Requests whose query is cancelled, or whose backend is killed. */
export const INTERRUPTIONS: readonly Kind[] = [
  { name: 'statement timeout', style: 'promise', weight: 2, tokens: ['gone', 'kept'], run: timeOutInside },
  { name: 'statement timeout left', style: 'promise', weight: 2, run: leaveTimeout },
  { name: 'query timeout', style: 'promise', weight: 2, tokens: ['open'], run: timeOutQuery },
  { name: 'query timeout lent', style: 'promise', weight: 2, tokens: ['open'], run: timeOutLentQuery },
  { name: 'cancelled', style: 'promise', weight: 3, tokens: ['gone', 'kept'], run: cancel },
  { name: 'cancelled callback', style: 'callback', weight: 2, run: cancelCallback },
  { name: 'suicide', style: 'promise', weight: 1, tokens: ['gone'], run: endOwnBackend },
  { name: 'suicide of the pool', style: 'promise', weight: 1, tokens: ['kept'], run: endPoolBackend },
  { name: 'killed', style: 'promise', weight: 2, tokens: ['gone'], run: beKilled },
]

/** A token for the server's list of running queries, and a sleep that no test waits out. */
function sleepMarked(turn: Turn): { readonly mark: string; readonly text: string } {
  const mark = `${turn.tenant}-${turn.luck}`
  return { mark, text: `select pg_sleep(20) as "${mark}"` }
}

async function timeOutInside(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query('begin')
    await turn.write(0, client)
    await client.query('set local statement_timeout = 5')
    await failsWith('57014', client.query('select pg_sleep(20)'))
    await client.query('rollback')
    await turn.write(1, client)
  })
}

/** The next tenant on this connection must not be timed out. */
async function leaveTimeout(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query('set statement_timeout = 200')
    await turn.read(client)
  })
}

const SLOW_WRITE = 'insert into items (token) select $1 from pg_sleep(0.06)'

/** The answer may win the race, on a machine that is busy. */
async function mayTimeOut(query: Promise<unknown>): Promise<void> {
  await query.catch((error: Error) => {
    if (error.message !== 'Query read timeout') throw error
  })
}

async function timeOutQuery(turn: Turn): Promise<void> {
  const query = { text: SLOW_WRITE, values: [turn.tokens[0]], query_timeout: 10 }
  await mayTimeOut(turn.pool.query(query))
  await turn.read()
}

/** Released while the query that nobody waits for any more still runs. */
async function timeOutLentQuery(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    const query = { text: SLOW_WRITE, values: [turn.tokens[0]], query_timeout: 10 }
    await mayTimeOut(client.query(query))
  })
  await turn.read()
}

async function cancel(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    const { mark, text } = sleepMarked(turn)
    await client.query('begin')
    await turn.write(0, client)
    const sleeping = client.query(text)
    await turn.outside.strike('cancel', mark, sleeping)
    await failsWith('57014', sleeping)
    await client.query('rollback')
    await turn.write(1, client)
  })
}

async function cancelCallback(turn: Turn): Promise<void> {
  const { mark, text } = sleepMarked(turn)
  const sleeping = new Promise<void>((resolve, reject) => {
    turn.pool.query(text, (error) => {
      turn.feel()
      if (error) reject(error)
      else resolve()
    })
  })
  await turn.outside.strike('cancel', mark, sleeping)
  await failsWith('57014', sleeping)
  await turn.read()
}

async function endOwnBackend(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query('begin')
    await turn.write(0, client)
    await failsWith('57P01', client.query('select pg_terminate_backend(pg_backend_pid())'))
  })
  await turn.read()
}

async function endPoolBackend(turn: Turn): Promise<void> {
  await failsWith('57P01', turn.pool.query('select pg_terminate_backend(pg_backend_pid())'))
  await turn.write(0)
}

async function beKilled(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    const { mark, text } = sleepMarked(turn)
    await client.query('begin')
    await turn.write(0, client)
    const sleeping = client.query(text)
    await turn.outside.strike('terminate', mark, sleeping)
    await failsWith('57P01', sleeping)
  })
  await turn.read()
}
