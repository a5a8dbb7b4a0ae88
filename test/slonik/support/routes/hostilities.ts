import { isRefused } from '../../../isolation/support/turn'
import type { SlonikTurn } from '../slonik-turn'
import type { SlonikKind } from '../stress-kinds'

/** Requests whose SQL leaves something behind on the connection that would be the next tenant's trouble. */
export const HOSTILITIES: readonly SlonikKind[] = [
  { name: 'set search_path', weight: 3, tokens: ['kept'], run: setPath },
  { name: 'set search_path of the pool', weight: 3, tokens: ['kept'], run: setPathOfPool },
  { name: 'hidden set_config', weight: 3, tokens: ['kept'], run: wander },
  { name: 'view astray', weight: 2, tokens: ['kept'], run: goAstray },
  { name: 'discard all', weight: 2, tokens: ['kept'], run: discard },
  {
    name: 'app.user',
    weight: 3,
    clearedFrom: 'auto',
    run: (turn) => leave(turn, `select set_config('app.user', '${turn.base.tenant}', false)`),
  },
  {
    name: 'hidden app.user',
    weight: 2,
    clearedFrom: 'auto',
    run: (turn) => leave(turn, `select remember('${turn.base.tenant}')`),
  },
  { name: 'temporary table', weight: 2, tokens: ['kept'], run: makeTemporary },
  { name: 'advisory lock', weight: 2, clearedFrom: 'auto', run: lock },
  { name: 'listen', weight: 1, run: (turn) => leave(turn, `listen channel_${turn.base.tenant}`) },
]

async function setPath(turn: SlonikTurn): Promise<void> {
  await turn.slonik.connect(async (connection) => {
    await turn.read(connection)
    await connection.query(turn.textQuery(`set search_path to "${turn.base.otherSchema}"`))
    await turn.read(connection)
    await turn.write(0, connection)
    await connection.query(turn.textQuery(`set search_path to "${turn.base.otherSchema}", public`))
  })
}

async function setPathOfPool(turn: SlonikTurn): Promise<void> {
  await turn.slonik.query(turn.textQuery(`set search_path to "${turn.base.otherSchema}"`))
  await turn.write(0)
}

async function wander(turn: SlonikTurn): Promise<void> {
  const away = turn.textQuery(`select wander('${turn.base.otherSchema}')`)
  if (turn.base.luck % 2) await turn.slonik.query(away)
  else {
    await turn.slonik.transaction(async (tx) => {
      await tx.query(away)
      await turn.read(tx)
    })
  }
  await turn.write(0)
}

/** Nothing in the text tells that the path changes: a server that reports it gives us away, and an older one does not. */
async function goAstray(turn: SlonikTurn): Promise<void> {
  const astray = turn.textQuery('select * from astray')
  const isCaught = (work: Promise<unknown>): Promise<boolean> => isRefused('ROWHOUSE_ISOLATION', work)
  await isCaught(
    turn.slonik.connect(async (connection) => {
      await connection.query(astray)
      await turn.read(connection)
      await connection.query(astray)
    }),
  )
  await isCaught(turn.slonik.query(astray))
  await turn.write(0)
}

async function discard(turn: SlonikTurn): Promise<void> {
  const all = turn.textQuery('DISCARD ALL')
  if (turn.base.luck % 2) await turn.slonik.query(all)
  else {
    await turn.slonik.connect(async (connection) => {
      await turn.read(connection)
      await connection.query(all)
      await turn.read(connection)
    })
  }
  await turn.write(0)
}

async function leave(turn: SlonikTurn, text: string): Promise<void> {
  const query = turn.textQuery(text)
  if (turn.base.luck % 2) await turn.slonik.query(query)
  else await turn.slonik.connect((connection) => connection.query(query))
}

/** `items` of pg_temp stands in front of every schema, unless the path says otherwise. */
async function makeTemporary(turn: SlonikTurn): Promise<void> {
  const { tenant, other } = turn.base
  await turn.slonik.connect(async (connection) => {
    for (const text of [
      `create temporary table if not exists items (id int, token text, tenant text default '${other}')`,
      `create temporary table if not exists temp_of_${tenant} (id int)`,
      `insert into pg_temp.items (token) values ('${other}/temporary')`,
    ])
      await connection.query(turn.textQuery(text))
    await turn.read(connection)
    await turn.write(0, connection)
  })
}

function lock(turn: SlonikTurn): Promise<void> {
  const { tenant, luck } = turn.base
  return leave(turn, `select pg_try_advisory_lock(${Number(tenant.slice(1))}, ${luck % 1000})`)
}
