import { describeLibrary } from './support/describe-library'
import { pgPromiseOnPostgres } from './support/libraries/pg-promise'

describeLibrary(pgPromiseOnPostgres)
