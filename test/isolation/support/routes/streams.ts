import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Query } from 'pg'
import Cursor from 'pg-cursor'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import QueryStream from 'pg-query-stream'
import type { Kind } from '../kind'
import type { Item } from '../town'
import { awaitedLater, READ } from '../turn'
import type { Turn } from '../turn'

/** Requests that read or write by streams and cursors. */
export const STREAMS: readonly Kind[] = [
  { name: 'stream', style: 'stream', weight: 4, tokens: ['kept'], run: readStream },
  { name: 'stream of the pool', style: 'stream', weight: 2, run: readPoolStream },
  { name: 'row events', style: 'stream', weight: 3, tokens: ['kept'], run: hearRows },
  { name: 'stream destroyed', style: 'stream', weight: 3, run: destroyStream },
  { name: 'stream that fails', style: 'stream', weight: 2, run: failStream },
  { name: 'cursor', style: 'stream', weight: 3, run: readCursor },
  { name: 'cursor left open', style: 'stream', weight: 1, blocksPlainPool: true, run: leaveCursor },
  { name: 'copy from', style: 'stream', weight: 3, tokens: ['kept', 'kept'], run: copyIn },
  { name: 'copy from broken off', style: 'stream', weight: 2, tokens: ['gone'], run: breakCopyIn },
  { name: 'copy to', style: 'stream', weight: 3, run: copyOut },
]

/** Hands each row to a listener, as the driver emits it. */
function drain(stream: Readable, onRow: (row: Item) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on('data', onRow)
    stream.once('end', resolve)
    stream.once('error', reject)
  })
}

/** Queries the pool from inside the `data` listener. */
async function readStream(turn: Turn): Promise<void> {
  await turn.holdingClient(async (client) => {
    const inside: Promise<void>[] = []
    await drain(client.query(new QueryStream(READ, [], { batchSize: 4 })), (row) => {
      turn.see([row])
      if (inside.length === 0) inside.push(awaitedLater(turn.write(0)))
      else if (inside.length < 3) inside.push(awaitedLater(turn.read()))
    })
    await Promise.all(inside)
    await turn.read(client)
  })
}

async function readPoolStream(turn: Turn): Promise<void> {
  const stream = new QueryStream(READ, [], { batchSize: 4 })
  const answered: Promise<unknown> = turn.pool.query(stream as never)
  await Promise.all([answered, drain(stream, (row) => turn.see([row]))])
}

/** Queries the pool from inside the `row` listener of pg's own Query. */
async function hearRows(turn: Turn): Promise<void> {
  await turn.holdingClient(async (client) => {
    const inside: Promise<void>[] = []
    const query = client.query(new Query<Item>(READ))
    query.on('row', (row: Item) => {
      turn.see([row])
      if (inside.length === 0) inside.push(awaitedLater(turn.write(0)))
    })
    await new Promise((resolve, reject) => {
      query.on('end', resolve)
      query.on('error', reject)
    })
    await Promise.all(inside)
  })
}

async function destroyStream(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    const stream = client.query(
      new QueryStream('select i.* from items i, generate_series(1, 50)', [], { batchSize: 4 }),
    )
    let rows = 0
    for await (const row of stream) {
      turn.see([row as Item])
      if (++rows > turn.luck % 12) break
    }
    if (turn.luck % 2) await turn.read(client)
  })
}

async function failStream(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    const text = `select token, tenant, 1 / (row_number() over () - 3) from items, generate_series(1, 5)`
    const stream = client.query(new QueryStream(text, [], { batchSize: 1 }))
    await drain(stream, (row) => turn.see([row])).then(
      () => Promise.reject(new Error('The stream should have failed.')),
      (error: { code?: string }) => (error.code === '22012' ? undefined : Promise.reject(error)),
    )
    await turn.read(client)
  })
}

async function readCursor(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    const cursor = client.query(new Cursor<Item>('select i.* from items i, generate_series(1, 20)'))
    turn.see(await cursor.read(5))
    turn.see(await cursor.read(1 + (turn.luck % 5)))
    await cursor.close()
    await turn.read(client)
  })
}

async function leaveCursor(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    const cursor = client.query(new Cursor<Item>('select i.* from items i, generate_series(1, 20)'))
    turn.see(await cursor.read(5))
  })
}

async function copyIn(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    const lines = turn.tokens.map((token) => `${token}\n`)
    await pipeline(Readable.from(lines), client.query(copyFrom('copy items (token) from stdin')))
    await turn.read(client)
  })
}

async function breakCopyIn(turn: Turn): Promise<void> {
  const enough = new Error('enough')
  await turn.withClient(async (client) => {
    const lines = Readable.from(
      (function* () {
        yield `${turn.tokens[0]}\n`
        throw enough
      })(),
    )
    try {
      await pipeline(lines, client.query(copyFrom('copy items (token) from stdin')))
    } catch (error) {
      if (error !== enough) throw error
    }
    if (turn.luck % 2) await turn.read(client)
  })
  await turn.read()
}

async function copyOut(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    let text = ''
    await pipeline(client.query(copyTo(`copy (${READ}) to stdout`)), async (chunks) => {
      for await (const chunk of chunks) text += String(chunk)
    })
    const lines = text.split('\n').filter((line) => line !== '')
    turn.see(lines.map((line) => ({ token: line.split('\t')[0]!, tenant: line.split('\t')[1]! })))
    await turn.read(client)
  })
}
