import { types } from 'node:util'
import { ConfigError } from '../errors'

/** Which SQL to write. */
export type Dialect = 'postgres' | 'mysql'

/** Columns and what they are asked for, or are to be. */
export type Given = Readonly<Record<string, unknown>>

/** Order and number of rows. */
export interface GivenChoice {
  readonly orderBy?: Readonly<Record<string, 'asc' | 'desc' | undefined>> | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

/** The same, checked. */
export interface CheckedChoice {
  readonly orderBy: readonly (readonly [string, 'asc' | 'desc'])[]
  readonly limit: number | undefined
  readonly offset: number | undefined
}

/**
 * Checks a name of a table or a column. With a dot it would be one in another schema, and Kysely reads ` as ` as well.
 *
 * @throws ConfigError
 */
export function expectName(name: unknown): string {
  if (typeof name === 'string' && /^[^\s.\0]+$/u.test(name)) return name
  throw new ConfigError([
    `${JSON.stringify(name) ?? String(name)} is no name of one table or column of a tenant: dots and blanks are refused.`,
  ])
}

/**
 * Checks a filter. What is undefined is refused, since it would find every row; so are objects, which mysql2 would write as SQL.
 *
 * @throws ConfigError
 */
export function expectFilter(filter: Given): readonly (readonly [string, unknown])[] {
  const entries = entriesOf(filter, 'A filter')
  const problems = entries
    .filter(([, value]) => !(Array.isArray(value) ? value.every(isPlain) : isPlain(value)))
    .map(
      ([column, value]) =>
        `The filter's "${column}" is ${value === undefined ? 'undefined' : 'no plain value'}: give a value, a list of them, or null.`,
    )
  if (problems.length > 0) throw new ConfigError(problems)
  return entries
}

/** Checks a row; columns that are undefined are left out. MySQL takes JSON as a text. @throws ConfigError */
export function expectRow(row: Given, dialect: Dialect): readonly (readonly [string, unknown])[] {
  return entriesOf(row, 'A row')
    .filter(([, value]) => value !== undefined)
    .map(([column, value]) => [
      column,
      dialect === 'mysql' && !isPlain(value) ? (JSON.stringify(value) as unknown) : value,
    ])
}

/** @throws ConfigError */
export function expectChoice({ orderBy = {}, limit, offset }: GivenChoice): CheckedChoice {
  const problems: string[] = []
  for (const [name, count] of Object.entries({ limit, offset })) {
    if (count !== undefined && !(Number.isSafeInteger(count) && count >= 0))
      problems.push(`\`${name}\` is a whole number from 0.`)
  }
  const order = entriesOf(orderBy, '`orderBy`').filter(([, direction]) => direction !== undefined)
  if (order.some(([, direction]) => direction !== 'asc' && direction !== 'desc'))
    problems.push("`orderBy` says 'asc' or 'desc' of each column.")
  if (problems.length > 0) throw new ConfigError(problems)
  return { orderBy: order as CheckedChoice['orderBy'], limit, offset }
}

function entriesOf(given: unknown, what: string): readonly (readonly [string, unknown])[] {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new ConfigError([`${what} is an object with columns, \`{ name: 'bolt' }\`.`])
  return Object.entries(given).map(([column, value]) => [expectName(column), value])
}

/** What a driver sends as one value. */
function isPlain(value: unknown): boolean {
  if (value === null) return true
  if (typeof value === 'object') return types.isDate(value) || ArrayBuffer.isView(value)
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
}
