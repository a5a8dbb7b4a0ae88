import { setTimeout as sleep } from 'node:timers/promises'
import type { RowDataPacket } from 'mysql2'
import type { PoolConnection } from 'mysql2/promise'
import type { Cut } from '../../../support/cutting-proxy'
import { failsBy } from '../../../isolation/support/turn'
import { isLost } from '../mysql-outside'
import { failsWith, read, withConnection, write, WRITE } from '../stress-turn'
import type { MysqlKind, MysqlTurn } from '../stress-turn'

/** Requests whose query is cancelled or takes too long, or whose connection breaks after so many bytes. */
export const MYSQL_BREAKS: readonly MysqlKind[] = [
  { name: 'cancelled', weight: 2, tokens: ['gone', 'kept'], run: cancel },
  { name: 'statement timeout', weight: 2, tokens: ['gone', 'kept'], run: timeOut },
  { name: 'cut in a transaction', weight: 2, tokens: ['gone', 'gone'], run: cutInside },
  { name: 'cut at commit', weight: 2, tokens: ['open'], run: cutAtCommit },
  { name: 'cut behind a release', weight: 2, tokens: ['open'], run: cutNext },
]

const POLL_MS = 3

async function idOf(connection: PoolConnection): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>('select connection_id() as id')
  return rows[0]!['id'] as number
}

async function cancel(turn: MysqlTurn): Promise<void> {
  await withConnection(turn, async (connection) => {
    const id = await idOf(connection)
    await connection.beginTransaction()
    await write(turn, 0, connection)
    let isSettled = false
    const sleeping = connection.query('select sleep(10)')
    sleeping.finally(() => (isSettled = true)).catch(() => {})
    await turn.town.asOwner(async (owner) => {
      while (!isSettled) {
        await owner.query(`kill query ${id}`).catch(() => {})
        await sleep(POLL_MS)
      }
    })
    await failsWith('ER_QUERY_INTERRUPTED', sleeping)
    await connection.rollback()
    await write(turn, 1, connection)
  })
}

/** The next tenant on this connection must not be timed out. */
async function timeOut(turn: MysqlTurn): Promise<void> {
  await withConnection(turn, async (connection) => {
    await connection.query('set max_statement_time = 0.02')
    await connection.beginTransaction()
    await write(turn, 0, connection)
    await isCutShort(connection.query<RowDataPacket[]>('select sleep(10) as isCut'))
    await connection.rollback()
    await connection.query('set max_statement_time = 0.5')
    await write(turn, 1, connection)
  })
}

/** MariaDB's ER_STATEMENT_TIMEOUT, which mysql2 has no name for. */
const STATEMENT_TIMEOUT = 1969

/** Once in a thousand times MariaDB answers with a row that holds 1, in place of the error (measured without a pool). */
async function isCutShort(sleeping: Promise<[RowDataPacket[], unknown]>): Promise<void> {
  const rows = await sleeping.then(
    ([rows]) => rows,
    (error: { errno?: number }) => {
      if (error.errno !== STATEMENT_TIMEOUT) throw error
      return [{ isCut: 1 }]
    },
  )
  if (rows[0]?.['isCut'] !== 1) throw new Error('The statement had no timeout.')
}

/** Where the connection breaks, `luck` bytes on. */
function cutOf({ luck }: MysqlTurn, upTo: number): Cut {
  return { direction: luck % 2 ? 'up' : 'down', after: (luck >> 1) % upTo }
}

/** Breaks this connection: now, or where it is sending for somebody else by then. */
async function cut(turn: MysqlTurn, connection: PoolConnection, upTo: number): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'select host from information_schema.processlist where id = connection_id()',
  )
  const port = Number((rows[0]!['host'] as string).split(':').at(-1))
  turn.subject.proxy?.cut(port, cutOf(turn, upTo))
}

/** Whether work failed for want of its connection. @throws any other error */
function mayBeLost(work: Promise<unknown>): Promise<boolean> {
  return failsBy(isLost, work)
}

/** Fewer bytes than the query and its answer have. Nothing is committed, also where a cut from outside came in between. */
async function cutInside(turn: MysqlTurn): Promise<void> {
  await withConnection(turn, async (connection) => {
    await connection.beginTransaction()
    await write(turn, 0, connection)
    await cut(turn, connection, 7)
    await mayBeLost(connection.query(WRITE, [turn.tokens[1]]))
  })
  await read(turn)
}

async function cutAtCommit(turn: MysqlTurn): Promise<void> {
  await withConnection(turn, async (connection) => {
    await connection.beginTransaction()
    await write(turn, 0, connection)
    await cut(turn, connection, 14)
    await mayBeLost(connection.commit())
  })
  await read(turn)
}

/** In whatever another request sends, its clearing of the session and its switch included. */
async function cutNext(turn: MysqlTurn): Promise<void> {
  await withConnection(turn, (connection) => cut(turn, connection, 300))
  await mayBeLost(write(turn, 0))
}
