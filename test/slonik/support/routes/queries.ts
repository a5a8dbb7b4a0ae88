import { setTimeout as sleep } from 'node:timers/promises'
import { STATE } from '../../../isolation/support/routes/promises'
import type { Item } from '../../../isolation/support/town'
import { awaitedLater } from '../../../isolation/support/turn'
import { failsInside } from '../slonik-turn'
import type { SlonikTurn } from '../slonik-turn'
import type { SlonikKind } from '../stress-kinds'

/** Requests that call the methods of the pool. */
export const QUERIES: readonly SlonikKind[] = [
  { name: 'read', weight: 8, isMild: true, run: (turn) => turn.read() },
  { name: 'write', weight: 8, tokens: ['kept'], isMild: true, run: writeAndRead },
  { name: 'fan-out', weight: 3, tokens: ['kept', 'kept'], isMild: true, run: fanOut },
  { name: 'timer', weight: 3, tokens: ['kept'], isMild: true, run: writeLater },
  { name: 'stream', weight: 5, tokens: ['kept'], isMild: true, run: readStream },
  { name: 'iterated stream', weight: 3, isMild: true, run: iterate },
  { name: 'stream destroyed', weight: 2, run: destroyStream },
  { name: 'stream that fails', weight: 2, run: failStream },
  { name: 'division by zero', weight: 3, tokens: ['gone', 'kept'], run: divideByZero },
  { name: 'unique violation', weight: 3, tokens: ['gone', 'kept'], run: violate },
  { name: 'several statements', weight: 2, tokens: ['gone', 'kept'], run: runSeveral },
  { name: 'session state', weight: 4, run: lookForState },
]

async function writeAndRead(turn: SlonikTurn): Promise<void> {
  await turn.write(0)
  await turn.read()
}

async function fanOut(turn: SlonikTurn): Promise<void> {
  await Promise.all([turn.read(), turn.write(0), turn.read(), turn.write(1), turn.read()])
}

async function writeLater(turn: SlonikTurn): Promise<void> {
  await sleep(turn.base.luck % 5)
  await new Promise<void>((resolve, reject) => {
    setImmediate(() => void turn.write(0).then(resolve, reject))
  })
}

/** Queries the pool from inside the `data` listener. */
async function readStream(turn: SlonikTurn): Promise<void> {
  await turn.base.holding(async () => {
    const inside: Promise<void>[] = []
    await turn.slonik.stream(turn.newest, (stream) => {
      stream.on('data', ({ data }) => {
        turn.base.see([data as Item])
        if (inside.length === 0) inside.push(awaitedLater(turn.write(0)))
        else if (inside.length < 3) inside.push(awaitedLater(turn.read()))
      })
    })
    await Promise.all(inside)
  })
}

async function iterate(turn: SlonikTurn): Promise<void> {
  let iterated: Promise<void> | undefined
  const streamed = turn.slonik.stream(turn.newest, (stream) => {
    iterated = awaitedLater(
      (async () => {
        for await (const { data } of stream) turn.base.see([data as Item])
      })(),
    )
  })
  await streamed
  await iterated
}

async function destroyStream(turn: SlonikTurn): Promise<void> {
  const many = turn.textQuery('select token, tenant from items, generate_series(1, 50)')
  let rows = 0
  const streamed = turn.slonik.stream(many, (stream) => {
    stream.on('data', ({ data }) => {
      turn.base.see([data as Item])
      if (++rows > turn.base.luck % 12) stream.destroy()
    })
  })
  await failsInside('ERR_STREAM_PREMATURE_CLOSE', streamed)
  await turn.read()
}

async function failStream(turn: SlonikTurn): Promise<void> {
  const text = 'select token, tenant, 1 / (row_number() over () - 3) from items, generate_series(1, 5)'
  const streamed = turn.slonik.stream(turn.textQuery(text), (stream) => {
    stream.on('data', ({ data }) => turn.base.see([data as Item]))
  })
  await failsInside('22012', streamed)
  await turn.read()
}

async function divideByZero(turn: SlonikTurn): Promise<void> {
  const { sql } = turn
  const failing = sql.unsafe`
    insert into items (token) values (${turn.base.tokens[0]!}) returning token, 1 / (random() * 0)::int`
  await failsInside('22012', turn.slonik.query(failing))
  await turn.write(1)
}

async function violate(turn: SlonikTurn): Promise<void> {
  const taken = turn.sql.unsafe`insert into items (id, token) values (1, ${turn.base.tokens[0]!})`
  await failsInside('23505', turn.slonik.query(taken))
  await turn.write(1)
}

/** Slonik's own driver runs them, and refuses their result afterwards. */
async function runSeveral(turn: SlonikTurn): Promise<void> {
  if (turn.base.subject.isGuarded) {
    const [gone] = turn.base.tokens
    const several = turn.textQuery(`insert into items (token) values ('${gone}'); select 1`)
    await failsInside('42601', turn.slonik.query(several))
  }
  await turn.write(1)
}

async function lookForState(turn: SlonikTurn): Promise<void> {
  const rows = (await turn.slonik.any(turn.textQuery(STATE))) as readonly { owner: string | null }[]
  for (const { owner } of rows) if (owner !== null) turn.base.account.states.push(owner)
  await turn.read()
}
