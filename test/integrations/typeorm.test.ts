import { describeLibrary } from './support/describe-library'
import { typeormOnMysql, typeormOnPostgres } from './support/libraries/typeorm'

describeLibrary(typeormOnPostgres)
describeLibrary(typeormOnMysql)
