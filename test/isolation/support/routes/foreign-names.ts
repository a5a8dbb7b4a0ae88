import type { PoolClient } from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import type { Kind } from '../kind'
import type { Turn } from '../turn'

/** Requests that name another tenant's schema, or take its role: what the server refuses where each tenant has a role. */
export const FOREIGN_NAMES: readonly Kind[] = [
  { name: 'names the schema of another tenant', style: 'promise', weight: 5, tokens: ['gone'], run: nameIt },
  { name: 'names it on a client', style: 'promise', weight: 5, tokens: ['kept', 'gone'], run: nameOnClient },
  { name: 'streams from it', style: 'stream', weight: 3, run: streamFromIt },
  { name: 'role of another tenant', style: 'promise', weight: 3, tokens: ['kept'], run: takeRole },
  {
    name: 'hidden role of another tenant',
    style: 'promise',
    weight: 4,
    tokens: ['kept'],
    run: takeHiddenRole,
  },
]

const DENIED = '42501'

/** An answer of another kind, rows say, is an error of the test. */
async function isDenied(asked: Promise<unknown>, code = DENIED): Promise<void> {
  try {
    await asked
  } catch (error) {
    if ((error as { code?: string }).code === code) return
    throw error
  }
  throw new Error('The server has answered a query that names another tenant.')
}

async function nameIt(turn: Turn): Promise<void> {
  const there = `"${turn.otherSchema}".items`
  await isDenied(turn.pool.query(`select token, tenant from ${there}`))
  await isDenied(turn.pool.query(`insert into ${there} (token) values ($1)`, [...turn.tokens]))
  await turn.read()
}

async function nameOnClient(turn: Turn): Promise<void> {
  const there = `"${turn.otherSchema}".items`
  await turn.withClient(async (client) => {
    await turn.write(0, client)
    await client.query('begin')
    await client.query('savepoint s')
    await isDenied(client.query({ name: `there ${turn.other}`, text: `delete from ${there}` }))
    await client.query('rollback to s')
    await turn.read(client)
    await turn.write(1, client)
    await isDenied(client.query(new Cursor(`select * from items join ${there} i using (id)`)).read(5))
    await client.query('rollback')
    await turn.read(client)
  })
}

async function streamFromIt(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await isDenied(client.query(new QueryStream(`table "${turn.otherSchema}".items`)).toArray())
    await turn.read(client)
  })
}

async function takeRole(turn: Turn): Promise<void> {
  await isDenied(turn.pool.query(`select 1; set role "${turn.otherSchema}"`), 'ROWHOUSE_ISOLATION')
  await turn.write(0)
}

/** The function does it for the rest of its transaction, if nothing comes in between. */
async function takeHiddenRole(turn: Turn): Promise<void> {
  const hop = (db: Pick<PoolClient, 'query'>) => db.query('select take_role($1)', [turn.otherSchema])
  if (turn.luck % 2) await hop(turn.pool)
  else {
    await turn.withClient(async (client) => {
      if (turn.luck % 3) await client.query('begin')
      await hop(client)
      await turn.read(client)
      if (turn.luck % 3) await client.query(turn.luck % 5 ? 'commit' : 'rollback')
      await turn.read(client)
    })
  }
  await turn.write(0)
}
