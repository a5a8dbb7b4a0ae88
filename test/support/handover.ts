/** One database server of this test run. */
export interface TestServer {
  /** `PostgreSQL 18` */
  readonly name: string
  readonly version: number
  readonly ownerUrl: string
  readonly appUrl: string
  /** Only on a server that the run started itself. */
  readonly superuserUrl?: string
}

/** One MariaDB or MySQL server of this test run. */
export interface MysqlTestServer {
  /** `MariaDB 10.11` */
  readonly name: string
  /** Major version, `10`. */
  readonly version: number
  readonly ownerUrl: string
  readonly appUrl: string
}

/** What the global setup tells the test files, which run in processes of their own. */
export interface Handover {
  /** Differs from run to run, `k3x9`. */
  readonly run: string
  readonly servers: readonly TestServer[]
  readonly mysqlServers: readonly MysqlTestServer[]
}

const VARIABLE = 'ROWHOUSE_TEST_RUN'

/** Called once, before the test processes start. */
export function handOver(handover: Handover): void {
  process.env[VARIABLE] = JSON.stringify(handover)
}

/** @throws when no database was started, so that no test passes for want of a server */
export function takeOver(): Handover {
  const text = process.env[VARIABLE]
  if (text === undefined)
    throw new Error(`${VARIABLE} is not set: these tests need the global setup of jest.config.ts.`)
  return JSON.parse(text) as Handover
}
