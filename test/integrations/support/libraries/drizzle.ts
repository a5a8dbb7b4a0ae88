import { asc, eq, sql } from 'drizzle-orm'
import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { drizzle as onMysql } from 'drizzle-orm/mysql2'
import { drizzle as onPostgres } from 'drizzle-orm/node-postgres'
import { pgTable, serial, text } from 'drizzle-orm/pg-core'
import { namesIn } from '../library'
import type { Library } from '../library'

export const pgWidgets = pgTable('widgets', { id: serial('id').primaryKey(), name: text('name').notNull() })
const mysqlWidgets = mysqlTable('widgets', {
  id: int('id').autoincrement().primaryKey(),
  name: varchar('name', { length: 255 }).notNull(),
})

/** With a statement that drizzle prepares once, under a name, for every tenant. */
export const drizzleOnPostgres: Library = {
  name: 'drizzle',
  engine: 'postgres',
  open({ pool }) {
    const db = onPostgres(pool)
    type Handle = Pick<typeof db, 'select' | 'insert'>
    const all = (on: Handle) => on.select({ name: pgWidgets.name }).from(pgWidgets).orderBy(asc(pgWidgets.id))
    const names = async (on: Handle) => (await all(on)).map(({ name }) => name)
    const insert = (on: Handle, name: string) => on.insert(pgWidgets).values({ name })
    const byId = all(db)
      .where(eq(pgWidgets.id, sql.placeholder('id')))
      .prepare('widget_by_id')
    return {
      names: () => names(db),
      insert: (name) => insert(db, name),
      nameOf: async (id) => (await byId.execute({ id }))[0]?.name,
      transaction: (work) =>
        db.transaction((tx) => work({ names: () => names(tx), insert: (name) => insert(tx, name) })),
      fail: () => db.execute(sql`select * from nowhere`),
      close: async () => {},
    }
  },
}

export const drizzleOnMysql: Library = {
  name: 'drizzle',
  engine: 'mysql',
  open({ pool }) {
    const db = onMysql(pool)
    type Handle = Pick<typeof db, 'select' | 'insert'>
    const all = (on: Handle) =>
      on.select({ name: mysqlWidgets.name }).from(mysqlWidgets).orderBy(asc(mysqlWidgets.id))
    const names = async (on: Handle) => (await all(on)).map(({ name }) => name)
    const insert = (on: Handle, name: string) => on.insert(mysqlWidgets).values({ name })
    const byId = all(db)
      .where(eq(mysqlWidgets.id, sql.placeholder('id')))
      .prepare()
    return {
      names: () => names(db),
      insert: (name) => insert(db, name),
      nameOf: async (id) => (await byId.execute({ id }))[0]?.name,
      transaction: (work) =>
        db.transaction((tx) => work({ names: () => names(tx), insert: (name) => insert(tx, name) })),
      stream: () => namesIn(all(db).iterator()),
      fail: () => db.execute(sql`select * from nowhere`),
      close: async () => {},
    }
  },
}
