import type { Kind } from '../kind'
import { failsWith } from '../turn'
import type { Turn } from '../turn'

/** Requests of tenants that another tenancy makes, migrates and drops meanwhile. */
export const LIFETIMES: readonly Kind[] = [
  { name: 'migrated meanwhile', style: 'promise', weight: 1, run: useWhileMigrated },
  { name: 'dropped meanwhile', style: 'promise', weight: 1, run: useWhileDropped },
  late('dropped then read', ({ pool }) => pool.query(ALL)),
  late('dropped then read by name', ({ pool }) => pool.query(NAMED)),
  late('dropped then written', ({ pool }) => pool.query(INSERT, ['nobody/late', 'nobody'])),
  late('dropped then defined', ({ pool }) => pool.query('create table items (token text, tenant text)')),
  late('dropped then begun', (turn) => turn.withClient((client) => client.query('begin'))),
  late('dropped then read by a client', (turn) => turn.withClient((client) => client.query(ALL))),
]

/** One name for all tenants: what becomes of one must cost no other one its statement. */
const NAMED = { name: 'by name', text: 'select token, tenant from items' }

const NOT_FOUND = 'ROWHOUSE_TENANT_NOT_FOUND'
const INSERT = 'insert into items (token, tenant) values ($1, $2) returning token, tenant'
/** Its columns change with a migration. Named it would be refused then, as by pg itself. */
const ALL = 'select * from items'

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
  turn.see((await turn.pool.query(NAMED)).rows, id)
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
    await Promise.all([lifecycle.drop(id), mayEnd(use(turn, id)), mayEnd(use(turn, id))])
  })
}

/** What was checked just before the drop, and ran just behind it, finds no table. */
async function mayEnd(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    const { code = '' } = error as { code?: string }
    if (code !== NOT_FOUND && code !== '42P01') throw error
  }
}

/** A query where the pool knows nothing of the end of a tenant that it has served. */
function late(name: string, query: (turn: Turn, id: string) => Promise<unknown>): Kind {
  const run = (turn: Turn): Promise<void> =>
    withTenant(turn, async (id, lifecycle) => {
      await use(turn, id)
      await lifecycle.drop(id)
      await failsWith(NOT_FOUND, query(turn, id))
      await failsWith(NOT_FOUND, query(turn, id))
    })
  return { name, style: 'promise', weight: 1, run }
}
