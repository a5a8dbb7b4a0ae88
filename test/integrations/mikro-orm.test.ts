import { describeLibrary } from './support/describe-library'
import { mikroOrmOnPostgres } from './support/libraries/mikro-orm'

describeLibrary(mikroOrmOnPostgres)
