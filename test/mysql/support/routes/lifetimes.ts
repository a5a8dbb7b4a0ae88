import { failsWith, read, see, withConnection } from '../stress-turn'
import type { MysqlKind, MysqlTurn } from '../stress-turn'

/** Requests of tenants that another tenancy makes, migrates and drops meanwhile. */
export const MYSQL_LIFETIMES: readonly MysqlKind[] = [
  { name: 'migrated meanwhile', weight: 1, run: useWhileMigrated },
  { name: 'dropped meanwhile', weight: 1, run: useWhileDropped },
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
    const used = use(turn, id).catch((error: { code?: string }) => {
      if (error.code !== NOT_FOUND) throw error
    })
    await Promise.all([lifecycle.drop(id), used])
    const { pool } = turn.subject
    await failsWith(NOT_FOUND, pool.query(ALL))
    await failsWith(NOT_FOUND, pool.execute(ALL))
    await failsWith(NOT_FOUND, pool.execute(INSERT, [`${id}/late`, id]))
    await failsWith(NOT_FOUND, pool.query('create table items (token text, tenant text)'))
    await withConnection(turn, (connection) => failsWith(NOT_FOUND, connection.query(ALL)))
  })
}
