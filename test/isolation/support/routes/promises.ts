import type { QueryResult } from 'pg'
import type { Kind } from '../kind'
import type { Item } from '../town'
import { READ, WRITE } from '../turn'
import type { Turn } from '../turn'

/** Requests that await `pool.query`. */
export const PROMISES: readonly Kind[] = [
  { name: 'read', style: 'promise', weight: 8, isMild: true, run: (turn) => turn.read() },
  { name: 'write', style: 'promise', weight: 8, tokens: ['kept'], isMild: true, run: writeAndRead },
  { name: 'canary', style: 'promise', weight: 3, isMild: true, run: readCanary },
  { name: 'fan-out', style: 'promise', weight: 3, tokens: ['kept', 'kept'], isMild: true, run: fanOut },
  { name: 'named statement', style: 'promise', weight: 4, tokens: ['kept'], isMild: true, run: runNamed },
  { name: 'several statements', style: 'promise', weight: 3, tokens: ['kept', 'kept'], run: runSeveral },
  { name: 'division by zero', style: 'promise', weight: 2, tokens: ['gone', 'kept'], run: divideByZero },
  { name: 'unique violation', style: 'promise', weight: 2, tokens: ['gone', 'kept'], run: violate },
  { name: 'session state', style: 'promise', weight: 4, run: lookForState },
]

async function writeAndRead(turn: Turn): Promise<void> {
  await turn.write(0)
  await turn.read()
}

async function readCanary(turn: Turn): Promise<void> {
  turn.see((await turn.pool.query<Item>('select token, tenant from items where id = $1', [1])).rows)
}

async function fanOut(turn: Turn): Promise<void> {
  await Promise.all([turn.read(), turn.write(0), readCanary(turn), turn.write(1), turn.read()])
}

async function runNamed(turn: Turn): Promise<void> {
  const [read, write] = [
    { name: 'read', text: READ },
    { name: 'write', text: WRITE, values: [turn.tokens[0]] },
  ]
  turn.see((await turn.pool.query<Item>(read)).rows)
  turn.see((await turn.pool.query<Item>(write)).rows)
  turn.see((await turn.pool.query<Item>(read)).rows)
}

async function runSeveral(turn: Turn): Promise<void> {
  const text = turn.tokens.map((token) => `insert into items (token) values ('${token}')`).join('; ')
  const results = (await turn.pool.query<Item>(`${text}; ${READ}`)) as unknown as QueryResult<Item>[]
  turn.see(results.at(-1)!.rows)
}

async function divideByZero(turn: Turn): Promise<void> {
  const text = `${WRITE.replace('$1', `'${turn.tokens[0]}'`)}, 1 / (random() * 0)::int`
  await expectFailure(turn, '22012', text)
  await turn.write(1)
}

async function violate(turn: Turn): Promise<void> {
  const text = `insert into items (id, token) values (1, '${turn.tokens[0]}')`
  await expectFailure(turn, '23505', text)
  await turn.write(1)
}

async function expectFailure(turn: Turn, code: string, text: string): Promise<void> {
  await turn.pool.query(text).then(
    () => Promise.reject(new Error(`"${text}" should have failed.`)),
    (error: { code?: string }) => (error.code === code ? turn.feel() : Promise.reject(error)),
  )
}

/** Asks what a session keeps; each is made by a request of its own kind and tells whose it is. */
export const STATE = `
  select nullif(current_setting('app.user', true), '') as owner
  union all select substr(relname, 9) from pg_class where relnamespace = pg_my_temp_schema() and relname like 'temp_of_%'
  union all select substr(channel, 9) from pg_listening_channels() channel
  union all select 't' || lpad(classid::text, 2, '0') from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`

async function lookForState(turn: Turn): Promise<void> {
  const { rows } = await turn.pool.query<{ owner: string | null }>(STATE)
  for (const { owner } of rows) if (owner !== null) turn.account.states.push(owner)
  await turn.read()
}
