import { EntitySchema, MikroORM, PostgreSqlKnexDialect } from '@mikro-orm/postgresql'
import type { EntityManager, Options } from '@mikro-orm/postgresql'
import type { Library, TransactionCalls } from '../library'

export interface Widget {
  id: number
  name: string
}

export const Widget = new EntitySchema<Widget>({
  name: 'Widget',
  tableName: 'widgets',
  properties: { id: { type: 'integer', primary: true, autoincrement: true }, name: { type: 'string' } },
})

/** An ORM whose connections are those of a pool. */
export function openMikroOrm(pool: any, options: Options = {}): Promise<MikroORM> {
  class TenantDialect extends PostgreSqlKnexDialect {
    acquireConnection() {
      return pool.connect()
    }
    async releaseConnection(client: any) {
      client.release()
    }
  }
  return MikroORM.init({
    entities: [Widget],
    dbName: 'of the pool',
    connect: false,
    driverOptions: { client: TenantDialect },
    ...options,
  })
}

export const mikroOrmOnPostgres: Library = {
  name: 'mikro-orm',
  engine: 'postgres',
  async open({ pool }) {
    const orm = await openMikroOrm(pool)
    const callsOn = (em: () => EntityManager): TransactionCalls => ({
      names: async () => (await em().find(Widget, {}, { orderBy: { id: 'asc' } })).map(({ name }) => name),
      insert: (name) => em().insert(Widget, { name }),
    })
    const fork = () => orm.em.fork()
    return {
      ...callsOn(fork),
      nameOf: async (id) => (await fork().findOne(Widget, { id }))?.name,
      transaction: (work) => fork().transactional((em) => work(callsOn(() => em))),
      fail: () => fork().getConnection().execute('select * from nowhere'),
      close: () => orm.close(),
    }
  },
}
