import type { RowDataPacket } from 'mysql2'
import { failsWith, read, READ, see, withConnection, write, WRITE } from './stress-turn'
import type { MysqlKind } from './stress-turn'

const MILD: readonly MysqlKind[] = [
  { name: 'read', weight: 6, isMild: true, run: (turn) => read(turn) },
  { name: 'executed read', weight: 6, isMild: true, run: (turn) => read(turn, undefined, 'execute') },
  {
    name: 'write and read',
    weight: 6,
    tokens: ['kept'],
    isMild: true,
    async run(turn) {
      await write(turn, 0)
      await read(turn)
    },
  },
  {
    name: 'executed write and read',
    weight: 6,
    tokens: ['kept'],
    isMild: true,
    async run(turn) {
      await write(turn, 0, undefined, 'execute')
      await read(turn, undefined, 'execute')
    },
  },
  {
    name: 'callbacks',
    weight: 5,
    tokens: ['kept'],
    isMild: true,
    run: (turn) =>
      new Promise((resolve, reject) => {
        const { callbackPool } = turn.subject
        callbackPool.query(WRITE, [turn.tokens[0]], (error) => {
          if (error) return reject(error)
          callbackPool.execute<RowDataPacket[]>(READ, (problem, rows) => {
            if (problem) return reject(problem)
            see(turn, rows)
            resolve()
          })
        })
      }),
  },
  {
    name: 'stream with a query inside its listener',
    weight: 4,
    isMild: true,
    run: (turn) =>
      new Promise((resolve, reject) => {
        const inner: Promise<void>[] = []
        const stream = turn.subject.callbackPool.query(READ).stream()
        stream.on('data', (row) => {
          see(turn, [row])
          if (inner.length < 1) inner.push(read(turn))
        })
        stream.on('error', reject)
        stream.on('end', () => void Promise.all(inner).then(() => resolve(), reject))
      }),
  },
  {
    name: 'transaction',
    weight: 5,
    tokens: ['kept', 'kept'],
    isMild: true,
    run: (turn) =>
      withConnection(turn, async (connection) => {
        await connection.beginTransaction()
        await write(turn, 0, connection)
        await write(turn, 1, connection, 'execute')
        await read(turn, connection)
        await connection.commit()
      }),
  },
  {
    name: 'procedure',
    weight: 3,
    isMild: true,
    async run(turn) {
      const [sets] = (await turn.subject.pool.query('call newest()')) as unknown as [unknown[][]]
      see(turn, sets[0])
    },
  },
]

const ROUGH: readonly MysqlKind[] = [
  {
    name: 'rollback and savepoint',
    weight: 4,
    tokens: ['gone', 'kept', 'gone'],
    run: (turn) =>
      withConnection(turn, async (connection) => {
        await connection.beginTransaction()
        await write(turn, 0, connection)
        await connection.rollback()
        await connection.query('start transaction')
        await write(turn, 1, connection)
        await connection.query('savepoint s')
        await write(turn, 2, connection)
        await connection.query('rollback to savepoint s')
        await connection.commit()
        await read(turn, connection)
      }),
  },
  {
    name: 'error',
    weight: 4,
    tokens: ['kept'],
    async run(turn) {
      await failsWith('ER_NO_SUCH_TABLE', turn.subject.pool.query('select * from nope'))
      await failsWith('ER_BAD_FIELD_ERROR', turn.subject.pool.execute('select nope from items'))
      await write(turn, 0)
    },
  },
  {
    name: 'left in a transaction',
    weight: 2,
    tokens: ['gone'],
    run: (turn) =>
      withConnection(turn, async (connection) => {
        await connection.beginTransaction()
        await write(turn, 0, connection)
      }),
  },
  {
    name: 'session state',
    weight: 4,
    clearedFrom: 'auto',
    run: (turn) =>
      withConnection(turn, async (connection) => {
        const [rows] = await connection.query<RowDataPacket[]>(
          'select @who as who, is_used_lock(?) = connection_id() as locked',
          [turn.other],
        )
        if (rows[0]!['who'] !== null) turn.account.states.push(rows[0]!['who'] as string)
        if (rows[0]!['locked'] === 1) turn.account.states.push(turn.other)
        await connection.query('set @who = ?', [turn.tenant])
        await connection.query('select get_lock(?, 0)', [turn.tenant])
      }),
  },
  {
    name: 'hidden session state',
    weight: 3,
    clearedFrom: 'auto',
    async run(turn) {
      const [rows] = await turn.subject.pool.query<RowDataPacket[]>('select @who as who')
      if (rows[0]!['who'] !== null) turn.account.states.push(rows[0]!['who'] as string)
      await turn.subject.pool.query('select @who := ?', [turn.tenant])
    },
  },
  {
    name: 'use of another database',
    weight: 3,
    async run(turn) {
      await failsWith('ROWHOUSE_ISOLATION', turn.subject.pool.query(`use \`${turn.otherDatabase}\``))
      await read(turn)
    },
  },
  {
    name: 'stream left half way',
    weight: 2,
    async run(turn) {
      for await (const row of turn.subject.callbackPool.query(READ).stream({ highWaterMark: 1 })) {
        see(turn, [row])
        break
      }
    },
  },
  {
    name: 'killed connection',
    weight: 2,
    tokens: ['kept'],
    async run(turn) {
      await turn.subject.pool.query('kill connection_id()').catch(() => {})
      await write(turn, 0)
    },
  },
]

/** Every kind of request. */
export const MYSQL_KINDS: readonly MysqlKind[] = [...MILD, ...ROUGH]

/** Kinds that the server refuses where each tenant has a role. */
export const HARD_KINDS: readonly MysqlKind[] = [
  {
    name: 'names the database of another tenant',
    weight: 5,
    tokens: ['gone'],
    async run(turn) {
      const there = `\`${turn.otherDatabase}\`.items`
      const { pool } = turn.subject
      await failsWith('ER_TABLEACCESS_DENIED_ERROR', pool.query(`select * from ${there}`))
      await failsWith(
        'ER_TABLEACCESS_DENIED_ERROR',
        pool.execute(`insert into ${there} (token) values (?)`, [...turn.tokens]),
      )
      await withConnection(turn, async (connection) => {
        await connection.beginTransaction()
        await failsWith('ER_TABLEACCESS_DENIED_ERROR', connection.query(`delete from ${there}`))
        await read(turn, connection)
        await connection.rollback()
      })
    },
  },
  {
    name: 'role of another tenant',
    weight: 2,
    async run(turn) {
      await failsWith('ROWHOUSE_ISOLATION', turn.subject.pool.query(`set role \`${turn.otherDatabase}\``))
      await read(turn)
    },
  },
]
