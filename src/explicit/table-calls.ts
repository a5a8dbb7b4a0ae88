import type { Engine } from '../engine'
import { ConfigError, DriverError } from '../errors'
import { importHostModule } from '../host-modules'
import type { Dialect } from './table-input'
import { TableQueries } from './table-queries'
import type { TableParts } from './tenant-tables'

type Returning = Awaited<ReturnType<TableParts['returning']>>

const ALL: Returning = new Set(['insert', 'update', 'delete'])
const NONE: Returning = new Set()
/** MariaDB: INSERT ... RETURNING since 10.5, DELETE ... RETURNING since 10.0, no UPDATE ... RETURNING (its manual). */
const OF_MARIADB: Returning = new Set(['insert', 'delete'])

/** What the table calls of all tenants share: Kysely, and what the server can. Each is asked for once, when it is needed. */
export class TableCalls {
  readonly #dialect: Dialect
  readonly #engine: Pick<Engine, 'send'>
  #queries: Promise<TableQueries> | undefined
  #returning: Promise<Returning> | undefined

  constructor(dialect: Dialect, engine: Pick<Engine, 'send'>) {
    this.#dialect = dialect
    this.#engine = engine
  }

  /** @param run - calls work as a tenant */
  partsFor(run: <T>(work: () => T) => T): Pick<TableParts, 'queries' | 'send' | 'returning'> {
    const send: TableParts['send'] = ({ sql, values }) => run(() => this.#send(sql, values))
    return {
      send,
      queries: () =>
        (this.#queries ??= orForget(loadQueries(this.#dialect), () => (this.#queries = undefined))),
      returning: () =>
        (this.#returning ??= orForget(this.#readReturning(send), () => (this.#returning = undefined))),
    }
  }

  async #send(sql: string, values: readonly unknown[]): ReturnType<TableParts['send']> {
    if (this.#engine.send === undefined) throw new ConfigError(['This engine has no server, and no tables.'])
    return this.#engine.send(sql, values)
  }

  async #readReturning(send: TableParts['send']): Promise<Returning> {
    if (this.#dialect === 'postgres') return ALL
    const { rows } = await send({ sql: 'select version() as version', values: [] })
    const { version } = rows[0] as { version: string }
    const [major = 0, minor = 0] = version
      .replace(/^5\.5\.5-/, '')
      .split('.')
      .map(Number)
    return /mariadb/i.test(version) && (major > 10 || (major === 10 && minor >= 5)) ? OF_MARIADB : NONE
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

/** A failure is not remembered. */
function orForget<T>(answer: Promise<T>, forget: () => void): Promise<T> {
  answer.catch(forget)
  return answer
}
