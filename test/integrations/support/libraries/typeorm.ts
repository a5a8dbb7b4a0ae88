import * as mysql2 from 'mysql2'
import * as pg from 'pg'
import { DataSource, EntitySchema } from 'typeorm'
import type { DataSourceOptions, EntityManager } from 'typeorm'
import { namesIn } from '../library'
import type { Library, LibraryCalls, AnyTenancy } from '../library'

export interface Widget {
  id: number
  name: string
}

export const Widget = new EntitySchema<Widget>({
  name: 'Widget',
  tableName: 'widgets',
  columns: { id: { type: 'int', primary: true, generated: true }, name: { type: String } },
})

export const typeormOnPostgres: Library = {
  name: 'typeorm',
  engine: 'postgres',
  open: ({ tenancy, pool }) =>
    callsOf(tenancy, {
      type: 'postgres',
      driver: {
        ...pg,
        Pool: function () {
          return pool
        },
      },
    }),
}

export const typeormOnMysql: Library = {
  name: 'typeorm',
  engine: 'mysql',
  open: ({ tenancy, pool }) =>
    callsOf(tenancy, { type: 'mysql', driver: { ...mysql2, createPool: () => pool } }),
}

async function callsOf(
  tenancy: AnyTenancy,
  options: Pick<DataSourceOptions, 'type'> & { driver: unknown },
): Promise<LibraryCalls> {
  const source = new DataSource({ ...options, entities: [Widget] } as DataSourceOptions)
  // It asks the server for its version, which is nobody's.
  await tenancy.withoutTenant(() => source.initialize())
  const names = async (on: EntityManager) =>
    (await on.find(Widget, { order: { id: 'asc' } })).map(({ name }) => name)
  const insert = (on: EntityManager, name: string) => on.save(Widget, { name } as Widget)
  return {
    names: () => names(source.manager),
    insert: (name) => insert(source.manager, name),
    nameOf: async (id) => (await source.manager.findOneBy(Widget, { id }))?.name,
    transaction: (work) =>
      source.transaction((tx) => work({ names: () => names(tx), insert: (name) => insert(tx, name) })),
    stream: async () => {
      const runner = source.createQueryRunner()
      try {
        const stream = await source.manager
          .createQueryBuilder(Widget, 'w', runner)
          .select('w.name', 'name')
          .stream()
        return await namesIn(stream)
      } finally {
        await runner.release()
      }
    },
    fail: () => source.query('select * from nowhere'),
    close: () => source.destroy(),
  }
}
