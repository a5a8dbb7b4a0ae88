import { DataTypes, Model, Sequelize, Transaction } from 'sequelize'
import type { Dialect, InferAttributes, InferCreationAttributes, CreationOptional } from 'sequelize'
import { scopeSequelize } from '../../../../src/sequelize/scope-sequelize'
import type { Attachment, Library, LibraryCalls } from '../library'

class Widget extends Model<InferAttributes<Widget>, InferCreationAttributes<Widget>> {
  declare id: CreationOptional<number>
  declare name: string
}

export const sequelizeOnPostgres: Library = {
  name: 'sequelize',
  engine: 'postgres',
  open: (attachment) => scoped('postgres', attachment),
  openNaive: (attachment) => naive('postgres', attachment),
}

export const sequelizeOnMysql: Library = {
  name: 'sequelize',
  engine: 'mysql',
  open: (attachment) => scoped('mysql', attachment),
  openNaive: (attachment) => naive('mysql', attachment),
}

function scoped(dialect: Dialect, { tenancy }: Attachment): LibraryCalls {
  return callsOf(scopeSequelize(new Sequelize({ dialect, logging: false }), tenancy))
}

/** "Say whose it is when a connection is opened": who has it next? */
function naive(dialect: Dialect, { tenancy, url }: Attachment): LibraryCalls {
  const sequelize = new Sequelize(url, { dialect, logging: false, pool: { max: 2 } })
  sequelize.addHook('afterConnect', async (connection: any) => {
    const { schema } = tenancy.require()
    if (dialect === 'postgres') await connection.query(`set search_path to "${schema}"`)
    else await connection.promise().query(`use \`${schema}\``)
  })
  // Before it there is a connection that asks for the version.
  Object.assign((sequelize as unknown as { options: object }).options, { databaseVersion: '10.0.0' })
  return callsOf(sequelize)
}

function callsOf(sequelize: Sequelize): LibraryCalls {
  class Own extends Widget {}
  Own.init(
    { id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true }, name: DataTypes.STRING },
    { sequelize, tableName: 'widgets', timestamps: false },
  )
  const on = (transaction: Transaction | null) => ({
    names: async () => (await Own.findAll({ transaction, order: ['id'] })).map(({ name }) => name),
    insert: (name: string) => Own.create({ name }, { transaction }),
  })
  return {
    ...on(null),
    nameOf: async (id) => (await Own.findByPk(id))?.name,
    transaction: (work) => sequelize.transaction((transaction) => work(on(transaction))),
    fail: () => sequelize.query('select * from nowhere'),
    close: () => sequelize.close(),
  }
}
