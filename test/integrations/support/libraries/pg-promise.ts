import pgPromise from 'pg-promise'
import { namesIn } from '../library'
import type { Library, TransactionCalls } from '../library'
import QueryStream from 'pg-query-stream'

export const pgPromiseOnPostgres: Library = {
  name: 'pg-promise',
  engine: 'postgres',
  open({ pool }) {
    const pgp = pgPromise({ noWarnings: true })
    Object.assign(pgp.pg, {
      Pool: function () {
        return pool
      },
    })
    const db = pgp({})
    const byId = new pgPromise.PreparedStatement({
      name: 'widget-by-id',
      text: 'select name from widgets where id = $1',
    })
    const callsOn = (on: pgPromise.IBaseProtocol<object>): TransactionCalls => ({
      names: () => on.map('select name from widgets order by id', [], ({ name }) => name as string),
      insert: (name) => on.none('insert into widgets (name) values ($1)', [name]),
    })
    return {
      ...callsOn(db),
      nameOf: async (id) => (await db.oneOrNone(byId, [id]))?.name,
      transaction: (work) => db.tx((tx) => work(callsOn(tx))),
      stream: async () => {
        let names: Promise<string[]> | undefined
        await db.stream(new QueryStream('select name from widgets'), (stream) => {
          names = namesIn(stream)
        })
        return names!
      },
      fail: () => db.any('select * from nowhere'),
      close: async () => {},
    }
  },
}
