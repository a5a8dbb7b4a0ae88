import { mysql } from '../../../src/mysql/mysql'
import { createTenancy } from '../../../src/tenancy'
import { hookConnections } from './crash-points'

/** What a test tells this process. */
export interface Order {
  readonly appUrl: string
  readonly ownerUrl: string
  readonly prefix: string
  readonly migrations: string
  /** One, or undefined for all of them. */
  readonly tenant?: string
  /** Beginning of the statement at which this process ends itself: once it is sent, or once it is answered. */
  readonly statement?: string
  readonly side?: 'sent' | 'after'
}

/** Run by crash.test.ts and processes.test.ts: migrates, and may kill itself with -9 at a statement. */
async function main({
  appUrl,
  ownerUrl,
  prefix,
  migrations,
  tenant,
  statement,
  side = 'sent',
}: Order): Promise<void> {
  if (statement !== undefined) {
    hookConnections({
      [side]: (sql: string) => {
        if (sql.startsWith(statement)) process.kill(process.pid, 'SIGKILL')
      },
    })
  }
  const tenancy = createTenancy({
    engine: mysql({ uri: appUrl, migrationUrl: ownerUrl }),
    prefix,
    migrations,
  })
  if (tenant !== undefined) await tenancy.migrate(tenant)
  else if ((await tenancy.migrateAll().report()).failed > 0) process.exitCode = 1
  await tenancy.close()
}

void main(JSON.parse(process.argv[2]!) as Order)
