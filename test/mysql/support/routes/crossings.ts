import { AsyncResource } from 'node:async_hooks'
import type { PoolConnection } from 'mysql2/promise'
import { failsWith, read, withConnection, write, WRITE } from '../stress-turn'
import type { MysqlKind, MysqlTurn } from '../stress-turn'

/** Requests that use what belongs to another tenant, or to nobody any more. */
export const MYSQL_CROSSINGS: readonly MysqlKind[] = [
  { name: 'nested contexts', weight: 3, tokens: ['kept', 'other'], run: nest },
  { name: 'connection of another', weight: 2, tokens: ['gone', 'kept'], run: useInOther },
  { name: 'connection after release', weight: 2, tokens: ['gone'], run: useReleased },
  { name: 'lost context', weight: 2, tokens: ['gone', 'kept'], run: loseContext },
]

async function nest(turn: MysqlTurn): Promise<void> {
  const { subject, other } = turn
  await read(turn)
  await subject.run(other, async () => {
    await read(turn, subject.pool, 'execute', other)
    await write(turn, 1, subject.pool, 'execute')
  })
  await write(turn, 0)
}

async function useInOther(turn: MysqlTurn): Promise<void> {
  await withConnection(turn, async (connection) => {
    for (const how of ['query', 'execute'] as const) {
      await turn.subject.run(turn.other, () =>
        failsWith('ROWHOUSE_TENANT_MISMATCH', write(turn, 0, connection, how)),
      )
    }
    await write(turn, 1, connection)
  })
}

async function useReleased(turn: MysqlTurn): Promise<void> {
  let lent: PoolConnection | undefined
  await withConnection(turn, async (connection) => {
    lent = connection
    await read(turn, connection)
  })
  await failsWith('ROWHOUSE_CLIENT_RELEASED', lent!.query(WRITE, [turn.tokens[0]]))
  await failsWith('ROWHOUSE_CLIENT_RELEASED', lent!.execute(WRITE, [turn.tokens[0]!]))
  await read(turn)
}

/** Belongs to no request, as an emitter or a queue that was made at the start does. */
const nowhere = new AsyncResource('nowhere')

async function loseContext(turn: MysqlTurn): Promise<void> {
  const refused = 'ROWHOUSE_TENANT_REQUIRED'
  const { pool } = turn.subject
  await nowhere.runInAsyncScope(() => failsWith(refused, pool.query(WRITE, [turn.tokens[0]])))
  await nowhere.runInAsyncScope(() => failsWith(refused, pool.execute(WRITE, [turn.tokens[0]!])))
  await nowhere.runInAsyncScope(() => failsWith(refused, pool.getConnection()))
  await write(turn, 1)
}
