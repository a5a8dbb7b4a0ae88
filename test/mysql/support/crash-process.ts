import { mysql } from '../../../src/mysql/mysql'
import { createTenancy } from '../../../src/tenancy'
import { hookConnections } from './crash-points'

/** What crash.test.ts tells this process. */
interface Order {
  readonly appUrl: string
  readonly ownerUrl: string
  readonly prefix: string
  readonly migrations: string
  readonly tenant: string
  /** Beginning of the statement at which this process ends itself: once it is sent, or once it is answered. */
  readonly statement: string
  readonly side: 'sent' | 'after'
}

/** Run by crash.test.ts: migrates a tenant, and kills itself with -9 at a statement. */
async function main({ appUrl, ownerUrl, prefix, migrations, tenant, statement, side }: Order): Promise<void> {
  hookConnections({
    [side]: (sql: string) => {
      if (sql.startsWith(statement)) process.kill(process.pid, 'SIGKILL')
    },
  })
  const tenancy = createTenancy({
    engine: mysql({ uri: appUrl, migrationUrl: ownerUrl }),
    prefix,
    migrations,
  })
  await tenancy.migrate(tenant)
  await tenancy.close()
}

void main(JSON.parse(process.argv[2]!) as Order)
