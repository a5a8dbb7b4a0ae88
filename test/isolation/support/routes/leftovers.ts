import { AsyncResource } from 'node:async_hooks'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { Kind } from '../kind'
import type { Item } from '../town'
import { failsWith, READ, WRITE } from '../turn'
import type { Turn } from '../turn'

/** Requests that leave more behind: savepoints, statements, streams cut short, and what only one level of hygiene clears. */
export const LEFTOVERS: readonly Kind[] = [
  {
    name: 'savepoints and path',
    style: 'promise',
    weight: 2,
    tokens: ['kept', 'gone', 'gone', 'kept'],
    run: nestSavepoints,
  },
  { name: 'error and savepoint', style: 'promise', weight: 2, tokens: ['kept', 'kept'], run: failBehind },
  { name: 'one name and many texts', style: 'promise', weight: 3, run: nameByTenant },
  { name: 'one name and two texts', style: 'promise', weight: 1, tokens: ['kept'], run: nameTwice },
  { name: 'deallocate', style: 'promise', weight: 2, tokens: ['kept'], run: deallocate },
  { name: 'reset', style: 'promise', weight: 2, tokens: ['kept'], run: reset },
  { name: 'copy to broken off', style: 'stream', weight: 2, run: breakCopyOut },
  { name: 'copy from refused', style: 'stream', weight: 2, tokens: ['gone', 'kept'], run: refuseCopyIn },
  { name: 'lost context', style: 'promise', weight: 2, tokens: ['gone', 'kept'], run: loseContext },
  {
    name: 'temporary table of a function',
    style: 'promise',
    weight: 2,
    clearedFrom: 'auto',
    run: async (turn) => void (await turn.pool.query('select make_temporary($1)', [turn.tenant])),
  },
  {
    name: 'app.user of a view',
    style: 'promise',
    weight: 2,
    clearedFrom: 'strict',
    run: async (turn) => void (await turn.pool.query('select * from remembering')),
  },
]

/** A path that was set behind a savepoint goes back with it. */
async function nestSavepoints(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query('begin')
    await turn.write(0, client)
    await client.query('savepoint outer_one')
    await turn.write(1, client)
    await client.query('savepoint inner_one')
    await client.query(`set local search_path to "${turn.otherSchema}"`)
    await turn.write(2, client)
    if (turn.luck % 2) await failsWith('22012', client.query('select 1 / (random() * 0)::int'))
    await client.query(`rollback to ${turn.luck % 3 ? 'inner_one' : 'outer_one'}`)
    await turn.read(client)
    await client.query('rollback to outer_one; release outer_one')
    await turn.write(3, client)
    await client.query('commit')
    await turn.read(client)
  })
}

async function failBehind(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query('begin; savepoint here')
    await failsWith('42P01', client.query('select * from nothing_of_that_name'))
    await client.query('rollback to here')
    await turn.write(0, client)
    await failsWith('42601', client.query('selec 1'))
    await client.query('rollback to savepoint here')
    await client.query('rollback')
    await turn.write(0, client)
    await turn.write(1, client)
  })
}

/** Tells whose statement answered: the name is every tenant's, the text is its own. As with pg itself it may be refused. */
async function nameByTenant(turn: Turn): Promise<void> {
  const text = `select token, tenant, '${turn.tenant}' as whose from items order by id desc limit 5`
  for (const db of [turn.pool, turn.pool]) {
    const rows = await db.query<Item & { whose: string }>({ name: 'shared', text }).then(
      (result) => result.rows,
      (error: Error) => (isTaken(error) ? [] : Promise.reject(error)),
    )
    turn.see(rows)
    for (const { whose } of rows) turn.account.states.push(whose)
  }
}

function isTaken({ message }: Error): boolean {
  return message.startsWith('Prepared statements must be unique')
}

/** As with pg itself, one client takes a name for one text. */
async function nameTwice(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    await client.query({ name: 'twice', text: READ })
    await client.query({ name: 'twice', text: `${READ} offset 0` }).then(
      () => Promise.reject(new Error('The name was taken twice.')),
      (error: Error) => (isTaken(error) ? undefined : Promise.reject(error)),
    )
    await turn.write(0, client)
  })
}

async function deallocate(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    const read = { name: 'read', text: READ }
    turn.see((await client.query<Item>(read)).rows)
    await client.query(turn.luck % 2 ? 'deallocate all' : 'discard plans')
    turn.see((await client.query<Item>(read)).rows)
  })
  if (turn.luck % 3) await turn.pool.query('deallocate all')
  await turn.write(0)
}

async function reset(turn: Turn): Promise<void> {
  const texts = [
    'reset all',
    'reset search_path',
    'discard temp',
    'discard sequences',
    'set session authorization default',
  ]
  const text = texts[turn.luck % texts.length]!
  await turn.withClient(async (client) => {
    await turn.read(client)
    await client.query(text)
    await turn.read(client)
  })
  await turn.pool.query(text)
  await turn.write(0)
}

/** Nobody reads what is left of it: a query behind it would wait for ever, as with pg itself, but the next borrower must not. */
async function breakCopyOut(turn: Turn): Promise<void> {
  const client = await turn.pool.connect()
  client.on('error', () => {})
  try {
    const text = 'copy (select i.* from items i, generate_series(1, 20000)) to stdout'
    for await (const _chunk of client.query(copyTo(text))) break
  } finally {
    client.release(turn.luck % 2 === 0)
  }
  await turn.read()
}

async function refuseCopyIn(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    const lines = Readable.from([`${turn.tokens[0]}\n`, 'one\ttoo many\n'])
    await failsWith('22P04', pipeline(lines, client.query(copyFrom('copy items (token) from stdin'))))
    await turn.write(1, client)
  })
}

/** Belongs to no request, as an emitter or a queue that was made at the start does. */
const nowhere = new AsyncResource('nowhere')

async function loseContext(turn: Turn): Promise<void> {
  const { pool, tokens, subject } = turn
  const refused = 'ROWHOUSE_TENANT_REQUIRED'
  if (subject.isGuarded) {
    await nowhere.runInAsyncScope(() => failsWith(refused, pool.query(WRITE, [tokens[0]])))
    await nowhere.runInAsyncScope(() => failsWith(refused, pool.connect()))
  }
  await turn.write(1)
}
