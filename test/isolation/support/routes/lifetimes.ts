import type { Kind } from '../kind'
import { failsWith, isRefused } from '../turn'
import type { Turn } from '../turn'

/** Requests of tenants that another tenancy makes, migrates and drops meanwhile. */
export const LIFETIMES: readonly Kind[] = [
  { name: 'migrated meanwhile', style: 'promise', weight: 1, run: useWhileMigrated },
  { name: 'dropped meanwhile', style: 'promise', weight: 1, run: useWhileDropped },
]

const NOT_FOUND = 'ROWHOUSE_TENANT_NOT_FOUND'
const INSERT = 'insert into items (token, tenant) values ($1, $2) returning token, tenant'
/** Its columns change with a migration. */
const ALL = { name: 'all', text: 'select * from items' }

/** Lets a tenant of this request's own live, with `uses` at work in its context. */
function withTenant(
  turn: Turn,
  work: (
    id: string,
    lifecycle: Parameters<Parameters<Turn['registry']['withTenant']>[1]>[0],
  ) => Promise<void>,
): Promise<void> {
  const id = `x${turn.tenant}n${turn.luck}`
  return turn.registry.withTenant(id, (lifecycle) => turn.subject.run(id, () => work(id, lifecycle)))
}

async function use(turn: Turn, id: string): Promise<void> {
  turn.see((await turn.pool.query(ALL)).rows, id)
  turn.see((await turn.pool.query(INSERT, [`${id}/own`, id])).rows, id)
  await turn.read(turn.pool, id)
}

function useWhileMigrated(turn: Turn): Promise<void> {
  return withTenant(turn, async (id, lifecycle) => {
    await use(turn, id)
    const migrated = lifecycle.migrate(id, { all: true })
    await Promise.all([use(turn, id), use(turn, id), migrated])
    await use(turn, id)
    turn.see((await turn.pool.query('select token, tenant, note from items')).rows, id)
  })
}

function useWhileDropped(turn: Turn): Promise<void> {
  return withTenant(turn, async (id, lifecycle) => {
    await use(turn, id)
    const dropped = lifecycle.drop(id)
    await Promise.all([dropped, isRefused(NOT_FOUND, use(turn, id)), isRefused(NOT_FOUND, use(turn, id))])
    const { pool } = turn
    await failsWith(NOT_FOUND, pool.query(ALL.text))
    await failsWith(NOT_FOUND, pool.query(ALL))
    await failsWith(NOT_FOUND, pool.query(INSERT, [`${id}/late`, id]))
    await failsWith(NOT_FOUND, pool.query('create table items (token text, tenant text)'))
    await turn.withClient(async (client) => {
      await failsWith(NOT_FOUND, client.query('begin'))
      await failsWith(NOT_FOUND, client.query(INSERT, [`${id}/late`, id]))
    })
  })
}
