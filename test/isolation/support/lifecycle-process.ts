import { mysql } from '../../../src/mysql/mysql'
import { postgres } from '../../../src/postgres/postgres'
import { createTenancy } from '../../../src/tenancy'
import type { Tenancy } from '../../../src/tenancy'
import type { Answer, Call, Order } from './lifecycle'

/*
 * Makes, migrates and drops tenants as it is told by messages, and ends with who sends them. The pools under test live in
 * another process.
 */
const order = JSON.parse(process.argv[2]!) as Order
const { appUrl, ownerUrl: migrationUrl, isHard, prefix, migrations } = order
const tenants = { prefix, migrations }
const tenancy: Pick<Tenancy, 'create' | 'migrate' | 'drop' | 'close'> =
  order.engine === 'mysql'
    ? createTenancy({
        ...tenants,
        engine: mysql({ uri: appUrl, migrationUrl, isolation: isHard ? 'role' : 'database' }),
      })
    : createTenancy({
        ...tenants,
        engine: postgres({ connectionString: appUrl, migrationUrl, isolation: isHard ? 'role' : 'schema' }),
      })

process.on('message', ({ number, method, tenant, options }: Call) => {
  const answer = (rest: Partial<Answer>): void => void process.send?.({ number, ...rest })
  const work: Promise<unknown> = tenancy[method](tenant, options)
  work.then(
    () => answer({}),
    ({ code, message }: { code?: string; message: string }) => answer({ error: { code, message } }),
  )
})
process.on('disconnect', () => void tenancy.close().finally(() => process.exit()))
