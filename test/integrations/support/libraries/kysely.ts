import { Kysely, MysqlDialect, PostgresDialect, sql } from 'kysely'
import type { Dialect, Generated } from 'kysely'
import Cursor from 'pg-cursor'
import { namesIn } from '../library'
import type { Attachment, Library, LibraryCalls } from '../library'

interface Tables {
  widgets: { id: Generated<number>; name: string }
}

export const kyselyOnPostgres: Library = {
  name: 'kysely',
  engine: 'postgres',
  open: ({ pool }: Attachment) => callsOf(new PostgresDialect({ pool, cursor: Cursor })),
}

export const kyselyOnMysql: Library = {
  name: 'kysely',
  engine: 'mysql',
  open: ({ pool }: Attachment) => callsOf(new MysqlDialect({ pool })),
}

function callsOf(dialect: Dialect): LibraryCalls {
  const db = new Kysely<Tables>({ dialect })
  const all = (on: Kysely<Tables>) => on.selectFrom('widgets').select('name')
  const names = async (on: Kysely<Tables>) => (await all(on).execute()).map(({ name }) => name)
  const insert = (on: Kysely<Tables>, name: string) => on.insertInto('widgets').values({ name }).execute()
  return {
    names: () => names(db),
    insert: (name) => insert(db, name),
    nameOf: async (id) => (await all(db).where('id', '=', id).executeTakeFirst())?.name,
    transaction: (work) =>
      db.transaction().execute((tx) => work({ names: () => names(tx), insert: (name) => insert(tx, name) })),
    stream: () => namesIn(all(db).stream(2)),
    fail: () => sql`select * from nowhere`.execute(db),
    close: () => db.destroy(),
  }
}
