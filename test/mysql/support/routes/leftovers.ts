import type { RowDataPacket } from 'mysql2'
import { failsWith, read, READ, see, withConnection, write } from '../stress-turn'
import type { MysqlKind, MysqlTurn } from '../stress-turn'

/** Requests that leave savepoints, errors, statements, tables and locks behind. */
export const MYSQL_LEFTOVERS: readonly MysqlKind[] = [
  { name: 'error inside a transaction', weight: 3, tokens: ['kept', 'kept'], run: failInside },
  { name: 'savepoints', weight: 2, tokens: ['kept', 'gone', 'gone', 'kept'], run: nestSavepoints },
  { name: 'one name and many texts', weight: 2, run: prepareByName },
  { name: 'statement kept open', weight: 2, tokens: ['kept'], run: keepStatement },
  { name: 'user variable', weight: 3, run: setVariable },
  { name: 'temporary table', weight: 2, tokens: ['kept'], run: makeTemporary },
  { name: 'locked tables', weight: 1, tokens: ['kept'], run: lockTables },
  { name: 'lock of the pool', weight: 2, clearedFrom: 'auto', run: lock },
  { name: 'autocommit off', weight: 1, tokens: ['gone'], run: leaveAutocommit },
]

async function failInside(turn: MysqlTurn): Promise<void> {
  await withConnection(turn, async (connection) => {
    await connection.beginTransaction()
    await write(turn, 0, connection)
    await failsWith('ER_NO_SUCH_TABLE', connection.query('select * from nope'))
    await failsWith('ER_DUP_ENTRY', connection.query(`insert into items (id, token) values (1, 'x')`))
    await write(turn, 1, connection)
    await read(turn, connection)
    await connection.commit()
  })
}

async function nestSavepoints(turn: MysqlTurn): Promise<void> {
  await withConnection(turn, async (connection) => {
    await connection.beginTransaction()
    await write(turn, 0, connection)
    await connection.query('savepoint outer_one')
    await write(turn, 1, connection, 'execute')
    await connection.query('savepoint inner_one')
    await write(turn, 2, connection)
    await failsWith('ER_PARSE_ERROR', connection.query('selec 1'))
    await connection.query('rollback to savepoint outer_one')
    await failsWith('ER_SP_DOES_NOT_EXIST', connection.query('rollback to savepoint inner_one'))
    await write(turn, 3, connection)
    await connection.commit()
    await read(turn, connection)
  })
}

/** A statement of PREPARE, whose name is every tenant's and whose text is its own. */
async function prepareByName(turn: MysqlTurn): Promise<void> {
  const { pool } = turn.subject
  await withConnection(turn, async (connection) => {
    const left = await connection.query<RowDataPacket[]>('execute shared').then(
      ([rows]) => rows,
      () => [],
    )
    for (const { whose } of left) turn.account.states.push(whose as string)
    await connection.query(
      `prepare shared from 'select token, tenant, ''${turn.tenant}'' as whose from items limit 5'`,
    )
    see(turn, (await connection.query('execute shared'))[0])
  })
  await pool.query(`prepare shared from '${READ}'`)
}

async function keepStatement(turn: MysqlTurn): Promise<void> {
  await withConnection(turn, async (connection) => {
    const statement = await connection.prepare(READ)
    see(turn, (await statement.execute([]))[0])
    await write(turn, 0, connection, 'execute')
    see(turn, (await statement.execute([]))[0])
    if (turn.luck % 2) await statement.close()
  })
}

async function setVariable(turn: MysqlTurn): Promise<void> {
  const { pool } = turn.subject
  const [rows] = await pool.query<RowDataPacket[]>('select @whose as whose')
  if (rows[0]!['whose'] !== null) turn.account.states.push(rows[0]!['whose'] as string)
  await pool.query('set @whose = ?', [turn.tenant])
}

/** It stands in front of the tenant's own table until it is dropped. */
async function makeTemporary(turn: MysqlTurn): Promise<void> {
  const { pool } = turn.subject
  await withConnection(turn, async (connection) => {
    await connection.query('create temporary table if not exists kept_by (whose varchar(20))')
    await connection.query('insert into kept_by values (?)', [turn.tenant])
    const [rows] = await connection.query<RowDataPacket[]>('select whose from kept_by')
    for (const { whose } of rows) turn.account.states.push(whose as string)
    await write(turn, 0, connection)
  })
  if (turn.luck % 2) await pool.query('create temporary table if not exists other_by (id int)')
}

async function lockTables(turn: MysqlTurn): Promise<void> {
  await withConnection(turn, async (connection) => {
    await connection.query('lock tables items write')
    await write(turn, 0, connection)
    await read(turn, connection)
    await connection.query('unlock tables')
  })
}

async function lock(turn: MysqlTurn): Promise<void> {
  const { pool } = turn.subject
  await withConnection(turn, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      'select is_used_lock(?) = connection_id() as locked',
      [`pool of ${turn.other}`],
    )
    if (rows[0]!['locked'] === 1) turn.account.states.push(turn.other)
  })
  await pool.query('select get_lock(?, 0)', [`pool of ${turn.tenant}`])
}

async function leaveAutocommit(turn: MysqlTurn): Promise<void> {
  await withConnection(turn, async (connection) => {
    await connection.query('set autocommit = 0')
    await write(turn, 0, connection)
    await read(turn, connection)
  })
  await read(turn)
}
