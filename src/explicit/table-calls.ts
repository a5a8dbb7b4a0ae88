import type { Engine } from '../engine'
import { ConfigError, DriverError } from '../errors'
import { importHostModule } from '../host-modules'
import { once } from '../once'
import type { Dialect } from './table-input'
import { TableQueries } from './table-queries'
import type { TableParts } from './tenant-tables'

/** What the table calls of all tenants share: the engine, and Kysely, which is loaded when it is needed. */
export class TableCalls {
  readonly #engine: Pick<Engine, 'send' | 'returning'>
  readonly #queries: () => Promise<TableQueries>

  constructor(dialect: Dialect, engine: Pick<Engine, 'send' | 'returning'>) {
    this.#engine = engine
    this.#queries = once(() => loadQueries(dialect))
  }

  /** @param run - calls work as a tenant */
  partsFor(run: <T>(work: () => T) => T): Pick<TableParts, 'queries' | 'send' | 'returning'> {
    return {
      queries: this.#queries,
      send: ({ sql, values }) => run(async () => this.#served().send!(sql, values)),
      returning: async () => this.#served().returning!(),
    }
  }

  #served(): Pick<Engine, 'send' | 'returning'> {
    if (this.#engine.send !== undefined) return this.#engine
    throw new ConfigError(['This engine has no server, and no tables.'])
  }
}

async function loadQueries(dialect: Dialect): Promise<TableQueries> {
  try {
    return new TableQueries(await importHostModule('kysely', () => import('kysely')), dialect)
  } catch (cause) {
    throw new DriverError(
      'The table calls of tenancy.for(tenant) are made with Kysely, which is not installed: npm install kysely@0.28.',
      { cause },
    )
  }
}
