import { describeLibrary } from './support/describe-library'
import { knexOnMysql, knexOnPostgres } from './support/libraries/knex'

describeLibrary(knexOnPostgres)
describeLibrary(knexOnMysql)
