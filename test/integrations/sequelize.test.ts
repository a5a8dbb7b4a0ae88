import { DataTypes, Sequelize } from 'sequelize'
import { scopeSequelize } from '../../src/sequelize/scope-sequelize'
import type { EngineTown } from '../engines/support/engine-town'
import { describeLibrary } from './support/describe-library'
import { sequelizeOnMysql, sequelizeOnPostgres } from './support/libraries/sequelize'

const TENANTS = ['acme', 'globex']
const dialectOf = ({ tenancy }: EngineTown) => (tenancy.callbackPool === undefined ? 'postgres' : 'mysql')

/** A Sequelize with the model of the tests' table. */
function open(town: EngineTown) {
  const sequelize = scopeSequelize(new Sequelize({ dialect: dialectOf(town), logging: false }), town.tenancy)
  const Widget = sequelize.define<any>(
    'Widget',
    { name: DataTypes.STRING },
    { tableName: 'widgets', timestamps: false },
  )
  return { sequelize, Widget }
}

for (const library of [sequelizeOnPostgres, sequelizeOnMysql])
  describeLibrary(library, (town) => {
    test('what one tenant leaves in a session is not there for the next, findOrCreate included', async () => {
      const { tenancy } = town()
      const { sequelize, Widget } = open(town())
      const isPostgres = dialectOf(town()) === 'postgres'
      const leave = isPostgres ? "set application_name = 'acme'" : "set @mine = 'acme'"
      const look = isPostgres ? "select current_setting('application_name') as it" : 'select @mine as it'
      for (let i = 0; i < 4; i++) await tenancy.run('acme', () => sequelize.query(leave))
      for (let i = 0; i < 4; i++) {
        const [rows] = await tenancy.run('globex', () => sequelize.query(look))
        expect(rows).not.toContainEqual({ it: 'acme' })
      }
      const make = (id: string) =>
        tenancy.run(id, () => Widget.findOrCreate({ where: { name: `${id} made` } }))
      for (const id of [...TENANTS, ...TENANTS]) await make(id)
      for (const id of TENANTS) expect(await town().kept(id)).toEqual([`${id} seed`, `${id} made`])
    })

    test('a transaction that another tenant uses refuses, and one that is left open ends with its connection', async () => {
      const { tenancy } = town()
      const { Widget, sequelize } = open(town())
      const transaction = await tenancy.run('acme', () => sequelize.transaction())
      await tenancy.run('acme', () => Widget.create({ name: 'acme open' }, { transaction }))
      await expect(
        tenancy.run('globex', () => Widget.create({ name: 'globex lost' }, { transaction })),
      ).rejects.toThrow(/acme/)
      await tenancy.run('acme', () => transaction.rollback())
      expect([await town().kept('acme'), await town().kept('globex')]).toEqual([
        ['acme seed'],
        ['globex seed'],
      ])
    })

    test('values are parsed as sequelize does', async () => {
      const { tenancy } = town()
      const { sequelize } = open(town())
      const sql =
        "select cast('2026-02-03' as date) as day, cast(12345678901234567890.5 as decimal(30, 2)) as price"
      const [rows] = await tenancy.run('acme', () => sequelize.query(sql))
      expect(rows).toEqual([{ day: '2026-02-03', price: '12345678901234567890.50' }])
    })

    test('a tenant that does not exist fails alone, and the connection of a refused statement serves on', async () => {
      const { tenancy } = town()
      const { Widget, sequelize } = open(town())
      const count = (id: string) => tenancy.run(id, () => Widget.count())
      const results = await Promise.allSettled(['nobody', 'acme', 'nobody', 'globex'].map(count))
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
      await expect(tenancy.run('acme', () => sequelize.query('select * from nowhere'))).rejects.toThrow()
      expect(await count('globex')).toBe(1)
    })

    test('sequelize.close() leaves the pool to the tenancy and refuses queries', async () => {
      const { tenancy } = town()
      const { Widget, sequelize } = open(town())
      expect(await tenancy.run('acme', () => Widget.count())).toBe(1)
      await sequelize.close()
      await expect(tenancy.run('acme', () => Widget.count())).rejects.toThrow(/closed/)
      const other = open(town())
      expect(await tenancy.run('acme', () => other.Widget.count())).toBe(1)
    })

    test('a Sequelize of another dialect is refused', () => {
      const dialect = dialectOf(town()) === 'mysql' ? 'postgres' : 'mysql'
      expect(() => scopeSequelize(new Sequelize({ dialect }), town().tenancy)).toThrow(
        expect.objectContaining({ code: 'ROWHOUSE_CONFIG' }),
      )
    })
  })
