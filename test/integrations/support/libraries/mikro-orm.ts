import { EntitySchema, MikroORM, PostgreSqlKnexDialect } from '@mikro-orm/postgresql'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Library, TransactionCalls } from '../library'

interface Widget {
  id: number
  name: string
}

const Widget = new EntitySchema<Widget>({
  name: 'Widget',
  tableName: 'widgets',
  properties: { id: { type: 'integer', primary: true, autoincrement: true }, name: { type: 'string' } },
})

export const mikroOrmOnPostgres: Library = {
  name: 'mikro-orm',
  engine: 'postgres',
  async open({ pool }) {
    class TenantDialect extends PostgreSqlKnexDialect {
      acquireConnection() {
        return pool.connect()
      }
      async releaseConnection(client: any) {
        client.release()
      }
    }
    const orm = await MikroORM.init({
      entities: [Widget],
      dbName: 'of-the-pool',
      connect: false,
      discovery: { warnWhenNoEntities: false },
      driverOptions: { client: TenantDialect },
    })
    const callsOn = (em: () => EntityManager): TransactionCalls => ({
      names: async () => (await em().find(Widget, {}, { orderBy: { id: 'asc' } })).map(({ name }) => name),
      insert: (name) => em().insert(Widget, { name }),
    })
    const fork = () => orm.em.fork()
    return {
      ...callsOn(fork),
      nameOf: async (id) => (await fork().findOne(Widget, { id }))?.name,
      transaction: (work) => fork().transactional((em) => work(callsOn(() => em as EntityManager))),
      fail: () => fork().getConnection().execute('select * from nowhere'),
      close: () => orm.close(),
    }
  },
}
