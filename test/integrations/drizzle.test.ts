import { describeLibrary } from './support/describe-library'
import { drizzleOnMysql, drizzleOnPostgres } from './support/libraries/drizzle'

describeLibrary(drizzleOnPostgres)
describeLibrary(drizzleOnMysql)
