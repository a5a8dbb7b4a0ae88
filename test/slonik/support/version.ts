import type * as SlonikModule from 'slonik'
import type { DriverFactory, QuerySqlToken } from 'slonik'
import type * as Door from '../../../src/slonik'

/** One installed version of slonik, with `rowhouse/slonik` on top of it. */
export interface Slonik {
  /** `slonik 43.0.8` */
  readonly name: string
  readonly module: typeof SlonikModule
  readonly createTenantSlonik: typeof Door.createTenantSlonik
  readonly createPgDriverFactory: () => DriverFactory
}

/** A query of a text that is not at hand when this is compiled. */
export function textQuery({ module }: Slonik, text: string): QuerySqlToken {
  const parts = Object.freeze(Object.assign([text], { raw: Object.freeze([text]) }))
  return module.sql.unsafe(parts) as QuerySqlToken
}
