import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient, QueryResult } from 'pg'
import type { Kind } from '../kind'
import type { Item } from '../town'
import { awaitedLater, READ, WRITE } from '../turn'
import type { Turn } from '../turn'

/** Requests in which the driver calls back. */
export const CALLBACKS: readonly Kind[] = [
  { name: 'callback read', style: 'callback', weight: 5, isMild: true, run: readTwice },
  {
    name: 'callback write',
    style: 'callback',
    weight: 5,
    tokens: ['kept', 'kept'],
    isMild: true,
    run: write,
  },
  { name: 'callback checkout', style: 'callback', weight: 4, tokens: ['kept'], isMild: true, run: checkOut },
  { name: 'callback rollback', style: 'callback', weight: 2, tokens: ['gone'], run: rollBack },
  { name: 'callback error', style: 'callback', weight: 2, tokens: ['kept'], run: failThenWrite },
  { name: 'timer', style: 'callback', weight: 2, tokens: ['kept'], isMild: true, run: writeLater },
  { name: 'listener', style: 'callback', weight: 2, run: listen },
]

type Done = (error?: unknown) => void

/** A promise of what ends by a call. */
function called(work: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())))
}

/** A callback that hands rows on and ends at an error. */
function rowsTo(turn: Turn, done: Done, next: () => void) {
  return (error: Error | null | undefined, result: QueryResult<Item>): void => {
    turn.feel()
    if (error) return done(error)
    turn.see(result.rows)
    next()
  }
}

function readTwice(turn: Turn): Promise<void> {
  return called((done) => {
    turn.pool.query<Item>(
      READ,
      rowsTo(turn, done, () => {
        turn.pool.query<Item>(READ, [], rowsTo(turn, done, done))
      }),
    )
  })
}

function write(turn: Turn): Promise<void> {
  const [first, second] = turn.tokens
  return called((done) => {
    turn.pool.query<Item>(
      WRITE,
      [first],
      rowsTo(turn, done, () => {
        turn.pool.query<Item>(
          WRITE,
          [second],
          rowsTo(turn, done, () => void turn.read().then(() => done(), done)),
        )
      }),
    )
  })
}

/** Runs statements one after the other on a client that a callback got, and releases it. */
function inCheckout(turn: Turn, texts: readonly (readonly [string, unknown[]?])[]): Promise<void> {
  return called((done) => {
    turn.pool.connect((error, client, release) => {
      turn.feel()
      if (error || client === undefined) return done(error)
      const ignore = (): void => {}
      client.on('error', ignore)
      const end: Done = (problem) => {
        client.removeListener('error', ignore)
        release()
        done(problem)
      }
      step(turn, client, [...texts], end)
    })
  })
}

function step(turn: Turn, client: PoolClient, texts: (readonly [string, unknown[]?])[], done: Done): void {
  const next = texts.shift()
  if (next === undefined) return done()
  client.query<Item>(
    next[0],
    next[1] ?? [],
    rowsTo(turn, done, () => step(turn, client, texts, done)),
  )
}

function checkOut(turn: Turn): Promise<void> {
  return inCheckout(turn, [['begin'], [READ], [WRITE, [turn.tokens[0]]], ['commit'], [READ]])
}

function rollBack(turn: Turn): Promise<void> {
  return inCheckout(turn, [['begin'], [WRITE, [turn.tokens[0]]], [READ], ['rollback'], [READ]])
}

function failThenWrite(turn: Turn): Promise<void> {
  return called((done) => {
    turn.pool.query('select 1 / (random() * 0)::int', (error: Error & { code?: string }) => {
      turn.feel()
      if (error?.code !== '22012') return done(error ?? new Error('Nothing failed.'))
      turn.pool.query<Item>(WRITE, [turn.tokens[0]], rowsTo(turn, done, done))
    })
  })
}

async function writeLater(turn: Turn): Promise<void> {
  await sleep(turn.luck % 5)
  await called((done) => {
    setImmediate(() => turn.pool.query<Item>(WRITE, [turn.tokens[0]], rowsTo(turn, done, done)))
  })
}

async function listen(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    const heard: Promise<void>[] = []
    client.on('notice', () => {
      turn.feel()
      heard.push(awaitedLater(turn.read(client)))
    })
    await client.query(`do $$ begin raise warning 'from ${turn.tenant}'; end $$`)
    await Promise.all(heard)
  })
}
