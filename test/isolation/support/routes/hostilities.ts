import type { PoolClient } from 'pg'
import type { Kind } from '../kind'
import { isRefused, READ } from '../turn'
import type { Turn } from '../turn'

/** Requests whose SQL leaves something behind on the connection that would be the next tenant's trouble. */
export const HOSTILITIES: readonly Kind[] = [
  { name: 'set search_path', style: 'promise', weight: 3, tokens: ['kept'], run: setPath },
  { name: 'set search_path last', style: 'promise', weight: 3, run: setPathLast },
  { name: 'set search_path of the pool', style: 'promise', weight: 3, tokens: ['kept'], run: setPathOfPool },
  { name: 'set local', style: 'promise', weight: 3, tokens: ['kept', 'gone'], run: setLocal },
  { name: 'hidden set_config', style: 'promise', weight: 3, tokens: ['kept'], run: wander },
  { name: 'view astray', style: 'promise', weight: 2, tokens: ['kept'], run: goAstray },
  { name: 'discard all', style: 'promise', weight: 2, tokens: ['kept'], run: discard },
  {
    name: 'app.user',
    style: 'promise',
    weight: 3,
    clearedFrom: 'auto',
    run: (turn) => leave(turn, `select set_config('app.user', $1, false)`),
  },
  {
    name: 'hidden app.user',
    style: 'promise',
    weight: 2,
    clearedFrom: 'auto',
    run: (turn) => leave(turn, 'select remember($1)'),
  },
  { name: 'temporary table', style: 'promise', weight: 2, tokens: ['kept'], run: makeTemporary },
  { name: 'advisory lock', style: 'promise', weight: 2, clearedFrom: 'auto', run: lock },
  { name: 'listen', style: 'promise', weight: 1, run: listen },
]

async function setPath(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await turn.read(client)
    await client.query(`set search_path to "${turn.otherSchema}"`)
    await turn.read(client)
    await turn.write(0, client)
  })
}

async function setPathLast(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await turn.read(client)
    await client.query(`${READ}; set search_path to "${turn.otherSchema}", public`)
  })
}

async function setPathOfPool(turn: Turn): Promise<void> {
  await turn.pool.query(`set search_path to "${turn.otherSchema}"`)
  await turn.write(0)
}

async function setLocal(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query('begin')
    await client.query(`set local search_path to "${turn.otherSchema}"`)
    await turn.write(0, client)
    await client.query('commit')
    await turn.read(client)
    await client.query('begin')
    await client.query(`select set_config('search_path', $1, true)`, [turn.otherSchema])
    await turn.write(1, client)
    await client.query(`rollback; ${READ}`)
    await turn.read(client)
  })
}

async function wander(turn: Turn): Promise<void> {
  const wanderOn = (db: Pick<PoolClient, 'query'>) => db.query('select wander($1)', [turn.otherSchema])
  if (turn.luck % 2) await wanderOn(turn.pool)
  else {
    await turn.withClient(async (client) => {
      await client.query('begin')
      await wanderOn(client)
      await turn.read(client)
      await client.query(turn.luck % 3 ? 'commit' : 'rollback')
      await turn.read(client)
    })
  }
  await turn.write(0)
}

/** Nothing in the text tells that the path changes: a server that reports it gives us away, and an older one does not. */
async function goAstray(turn: Turn): Promise<void> {
  const astray = async (db: Pick<PoolClient, 'query'>): Promise<boolean> =>
    !(await isRefused('ROWHOUSE_ISOLATION', db.query('select * from astray')))
  await turn.withClient(async (client) => {
    if (!(await astray(client))) return
    await turn.read(client)
    await client.query('select * from astray')
  })
  await astray(turn.pool)
  await turn.write(0)
}

async function discard(turn: Turn): Promise<void> {
  if (turn.luck % 2) await turn.pool.query('discard all')
  else {
    await turn.withClient(async (client) => {
      await client.query({ name: 'read', text: READ })
      await client.query('DISCARD ALL')
      await client.query({ name: 'read', text: READ })
      await turn.read(client)
    })
  }
  await turn.write(0)
}

async function leave(turn: Turn, text: string): Promise<void> {
  if (turn.luck % 2) await turn.pool.query(text, [turn.tenant])
  else await turn.withClient((client) => client.query(text, [turn.tenant]))
}

/** `items` of pg_temp stands in front of every schema, unless the path says otherwise. */
async function makeTemporary(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query(
      `create temporary table if not exists items (id int, token text, tenant text default '${turn.other}');
       create temporary table if not exists temp_of_${turn.tenant} (id int);
       insert into pg_temp.items (token) values ('${turn.other}/temporary')`,
    )
    await turn.read(client)
    await turn.write(0, client)
  })
}

async function lock(turn: Turn): Promise<void> {
  const text = 'select pg_try_advisory_lock($1, $2)'
  const values = [Number(turn.tenant.slice(1)), turn.luck % 1000]
  if (turn.luck % 2) await turn.pool.query(text, values)
  else await turn.withClient((client) => client.query(text, values))
}

async function listen(turn: Turn): Promise<void> {
  await turn.withClient((client) => client.query(`listen channel_${turn.tenant}`))
}
