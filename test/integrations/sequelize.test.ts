import { describeLibrary } from './support/describe-library'
import { sequelizeOnMysql, sequelizeOnPostgres } from './support/libraries/sequelize'

describeLibrary(sequelizeOnPostgres)
describeLibrary(sequelizeOnMysql)
