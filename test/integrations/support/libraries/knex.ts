import { knex } from 'knex'
import type { Knex } from 'knex'
import type { PoolClient } from 'pg'
import { namesIn } from '../library'
import type { Library, LibraryCalls } from '../library'

export const knexOnPostgres: Library = {
  name: 'knex',
  engine: 'postgres',
  open: ({ pool }) => callsOf('pg', { connect: async () => releasedOnce(await pool.connect()) }),
}

export const knexOnMysql: Library = {
  name: 'knex',
  engine: 'mysql',
  open: ({ pool }) => callsOf('mysql2', pool),
}

/** knex releases the connection of a stream twice, at which pg throws. */
function releasedOnce(client: PoolClient): PoolClient {
  const release = client.release.bind(client)
  let isReleased = false
  client.release = (problem) => {
    if (!isReleased) release(problem)
    isReleased = true
  }
  return client
}

function callsOf(client: string, connectionPool: any): LibraryCalls {
  // It logs every refused connection beside throwing the error.
  const config: Knex.Config = { client, connectionPool, log: { warn() {} } }
  const db = knex(config)
  const names = (on: Knex) => on('widgets').orderBy('id').pluck('name') as unknown as Promise<string[]>
  const insert = async (on: Knex, name: string) => on('widgets').insert({ name })
  return {
    names: () => names(db),
    insert: (name) => insert(db, name),
    nameOf: async (id) => (await db('widgets').where({ id }).first('name'))?.name,
    transaction: (work) =>
      db.transaction((tx) => work({ names: () => names(tx), insert: (name) => insert(tx, name) })),
    stream: () => namesIn(db('widgets').select('name').stream()),
    fail: async () => db.raw('select * from nowhere'),
    close: () => db.destroy(),
  }
}
