import type { RowDataPacket } from 'mysql2'
import type { Pool, PoolConnection } from 'mysql2/promise'
import type { Fate } from '../../isolation/support/ledger'
import type { Item } from '../../isolation/support/town'
import type { Account, Errand } from '../../isolation/support/turn'
import type { MysqlSubject } from './stress-subjects'

/** One request, as its kind sees it. */
export interface MysqlTurn extends Errand {
  readonly tenant: string
  /** Name of the other tenant's database. */
  readonly otherDatabase: string
  readonly subject: MysqlSubject
  readonly account: Account
}

/** One way in which requests use the pool. */
export interface MysqlKind {
  readonly name: string
  readonly weight: number
  readonly tokens?: readonly Fate[]
  /** Tenants in, rows out: no hostile SQL, no failure. */
  readonly isMild?: boolean
  readonly run: (turn: MysqlTurn) => Promise<void>
}

const READ = 'select token, tenant from items order by id desc limit 20'
const WRITE = 'insert into items (token) values (?)'

type Asker = Pick<Pool, 'query' | 'execute'>

function see(turn: MysqlTurn, rows: unknown): void {
  for (const item of rows as Item[]) turn.account.seen.push({ expected: turn.tenant, item })
  turn.account.contexts.push([turn.tenant, turn.subject.current()])
}

async function read(
  turn: MysqlTurn,
  on: Asker = turn.subject.pool,
  how: 'query' | 'execute' = 'query',
): Promise<void> {
  see(turn, (how === 'query' ? await on.query(READ) : await on.execute(READ))[0])
}

async function write(
  turn: MysqlTurn,
  index: number,
  on: Asker = turn.subject.pool,
  how: 'query' | 'execute' = 'query',
): Promise<void> {
  const values = [turn.tokens[index]!]
  await (how === 'query' ? on.query(WRITE, values) : on.execute(WRITE, values))
}

async function withConnection(
  turn: MysqlTurn,
  work: (connection: PoolConnection) => Promise<void>,
): Promise<void> {
  const connection = await turn.subject.pool.getConnection()
  try {
    await work(connection)
  } finally {
    connection.release()
  }
}

/** Waits for the failure that `work` must end with. */
async function failsWith(code: string, work: Promise<unknown>): Promise<void> {
  const outcome = await work.then(
    () => 'no failure',
    (error: { code?: string }) => error.code,
  )
  if (outcome !== code) throw Object.assign(new Error(`Expected ${code}, got ${outcome}.`), { code: outcome })
}

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
