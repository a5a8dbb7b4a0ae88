import { describeLibrary } from './support/describe-library'
import { kyselyOnMysql, kyselyOnPostgres } from './support/libraries/kysely'

describeLibrary(kyselyOnPostgres)
describeLibrary(kyselyOnMysql)
