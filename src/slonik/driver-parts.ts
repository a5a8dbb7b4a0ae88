import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import type { Submittable } from '../postgres/driver'
import { DriverError } from '../errors'
import { SLONIK_HOME } from './slonik-home'

/*
 * Packages that slonik's own driver is made of. They are taken from where that driver has them, since values must be read
 * as slonik reads them: pg-types 4, which differs from the version 2 of pg (dates, ranges, numeric arrays).
 */

/** A row stream that talks to the connection itself. */
export interface RowStream extends Readable, Submittable {
  handleRowDescription: (message: { readonly fields: readonly WireField[] }) => void
}

/** A column as the driver describes it. */
export interface WireField {
  readonly name: string
  readonly dataTypeID: number
}

/** Reads the text of a value. */
export type ParseValue = (text: string) => unknown

interface DriverParts {
  readonly RowStream: new (sql: string, values: readonly unknown[] | undefined) => RowStream
  /** The parser that slonik uses where the application gave none. */
  readonly nativeParserOf: (oid: number, format: 'text' | 'binary') => ParseValue
  readonly parseArray: (text: string) => (string | null)[]
}

/** @throws {@link DriverError} when this slonik is built otherwise */
function loadDriverParts(): DriverParts {
  try {
    const driver = createRequire(SLONIK_HOME).resolve('@slonik/pg-driver')
    const requireFrom = createRequire(driver)
    return {
      RowStream: requireFrom('pg-query-stream') as DriverParts['RowStream'],
      nativeParserOf: (requireFrom('pg-types') as { getTypeParser: DriverParts['nativeParserOf'] })
        .getTypeParser,
      parseArray: (requireFrom('postgres-array') as { parse: DriverParts['parseArray'] }).parse,
    }
  } catch (error) {
    throw new DriverError(
      'The installed slonik has no driver on pg-query-stream, pg-types and postgres-array. Install slonik 43.0.8 or later.',
      { cause: error },
    )
  }
}

export const { RowStream, nativeParserOf, parseArray } = loadDriverParts()
