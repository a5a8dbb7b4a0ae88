import { failsBy } from '../../../isolation/support/turn'
import { read, see, withConnection } from '../stress-turn'
import type { MysqlKind, MysqlTurn } from '../stress-turn'

/** Requests of tenants that another tenancy makes, migrates and drops meanwhile. */
export const MYSQL_LIFETIMES: readonly MysqlKind[] = [
  { name: 'migrated meanwhile', weight: 1, run: useWhileMigrated },
  { name: 'dropped meanwhile', weight: 1, run: useWhileDropped },
  { name: 'dropped then queried', weight: 1, run: (turn) => afterDrop(turn, ({ pool }) => pool.query(ALL)) },
  {
    name: 'dropped then executed',
    weight: 1,
    run: (turn) => afterDrop(turn, ({ pool }) => pool.execute(ALL)),
  },
  {
    name: 'dropped then written',
    weight: 1,
    run: (turn) => afterDrop(turn, ({ pool }) => pool.execute(INSERT, ['nobody/late', 'nobody'])),
  },
  {
    name: 'dropped then defined',
    weight: 1,
    run: (turn) => afterDrop(turn, ({ pool }) => pool.query('create table items (token text, tenant text)')),
  },
  {
    name: 'dropped then connected',
    weight: 1,
    run: (turn) =>
      afterDrop(turn, () => withConnection(turn, async (connection) => void (await connection.query(ALL)))),
  },
]

const NOT_FOUND = 'ROWHOUSE_TENANT_NOT_FOUND'
const INSERT = 'insert into items (token, tenant) values (?, ?)'
/** Its columns change with a migration. */
const ALL = 'select * from items'

type Work = Parameters<MysqlTurn['town']['registry']['withTenant']>[1]

/** Lets a tenant of this request's own live, with `work` in its context. */
function withTenant(
  turn: MysqlTurn,
  work: (id: string, lifecycle: Parameters<Work>[0]) => Promise<void>,
): Promise<void> {
  const id = `x${turn.tenant}n${turn.luck}`
  return turn.town.registry.withTenant(id, (lifecycle) => turn.subject.run(id, () => work(id, lifecycle)))
}

async function use(turn: MysqlTurn, id: string): Promise<void> {
  const { pool } = turn.subject
  see(turn, (await pool.execute(ALL))[0], id)
  await pool.execute(INSERT, [`${id}/own`, id])
  await read(turn, pool, 'query', id)
}

function useWhileMigrated(turn: MysqlTurn): Promise<void> {
  return withTenant(turn, async (id, lifecycle) => {
    await use(turn, id)
    const migrated = lifecycle.migrate(id, { all: true })
    await Promise.all([use(turn, id), use(turn, id), migrated])
    await use(turn, id)
    see(turn, (await turn.subject.pool.query('select token, tenant, note from items'))[0], id)
  })
}

function useWhileDropped(turn: MysqlTurn): Promise<void> {
  return withTenant(turn, async (id, lifecycle) => {
    await use(turn, id)
    await Promise.all([lifecycle.drop(id), isRefused(ENDS, use(turn, id))])
  })
}

/** What entered the database just before its end finds no table in it. */
const ENDS = [NOT_FOUND, 'ER_NO_SUCH_TABLE', 'ER_TABLEACCESS_DENIED_ERROR']

/** Whether work ends with one of these. @throws any other error */
function isRefused(codes: readonly string[], work: Promise<unknown>): Promise<boolean> {
  return failsBy(({ code = '' }) => codes.includes(code), work)
}

/** Where the pool knows nothing of the end of a tenant that it has served. */
function afterDrop(
  turn: MysqlTurn,
  late: (subject: MysqlTurn['subject']) => Promise<unknown>,
  codes: readonly string[] = [NOT_FOUND],
): Promise<void> {
  return withTenant(turn, async (id, lifecycle) => {
    await use(turn, id)
    await lifecycle.drop(id)
    for (const time of ['first', 'second'])
      if (!(await isRefused(codes, late(turn.subject)))) throw new Error(`The ${time} time it was answered.`)
  })
}
