import type { PoolClient } from 'pg'
import type { Cut } from '../../../support/cutting-proxy'
import { isLost } from '../judge'
import type { Kind } from '../kind'
import { failsBy, WRITE } from '../turn'
import type { Turn } from '../turn'

/** Requests whose connection breaks after so many bytes. They need a subject with a proxy. */
export const CUTS: readonly Kind[] = [
  { name: 'cut in a transaction', style: 'promise', weight: 2, tokens: ['gone', 'gone'], run: cutInside },
  { name: 'cut at commit', style: 'promise', weight: 2, tokens: ['open'], run: cutAtCommit },
  { name: 'cut at begin', style: 'promise', weight: 2, tokens: ['open', 'open'], run: cutAtBegin },
  { name: 'cut behind a release', style: 'promise', weight: 2, tokens: ['open'], run: cutNext },
]

/** Where the connection breaks, `luck` bytes on. */
function cutOf({ luck }: Turn, upTo: number): Cut {
  return { direction: luck % 2 ? 'up' : 'down', after: (luck >> 1) % upTo }
}

/** Whether work failed for want of its connection. @throws any other error */
function mayBeLost(work: Promise<unknown>): Promise<boolean> {
  return failsBy(isLost, work)
}

function inTransaction(turn: Turn, work: (client: PoolClient) => Promise<void>): Promise<void> {
  return turn.withClient(async (client) => {
    await client.query('begin')
    await turn.write(0, client)
    await work(client)
  })
}

/** Fewer bytes than any query and its answer have. Nothing is committed, also where a cut from outside came in between. */
async function cutInside(turn: Turn): Promise<void> {
  await inTransaction(turn, async (client) => {
    await turn.cut(client, cutOf(turn, 40))
    await mayBeLost(client.query(WRITE, [turn.tokens[1]]))
  })
  await turn.read()
}

async function cutAtCommit(turn: Turn): Promise<void> {
  await inTransaction(turn, async (client) => {
    await turn.cut(client, cutOf(turn, 20))
    await mayBeLost(client.query('commit'))
  })
  await turn.read()
}

/** In the flush that holds a switch and BEGIN, or the answers to both. */
async function cutAtBegin(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query('select 1')
    await turn.cut(client, cutOf(turn, 500))
    await mayBeLost(
      Promise.all([
        client.query('begin'),
        client.query(WRITE, [turn.tokens[0]]),
        client.query(WRITE, [turn.tokens[1]]),
        client.query('commit'),
      ]),
    )
  })
  await turn.read()
}

/** In whatever another request sends, its clearing of the session and its switch included. */
async function cutNext(turn: Turn): Promise<void> {
  await turn.withClient((client) => turn.cut(client, cutOf(turn, 700)))
  await mayBeLost(turn.write(0))
}
