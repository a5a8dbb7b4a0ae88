import { Logger, makeWorkerUtils, run, runMigrations } from 'graphile-worker'
import type { Runner } from 'graphile-worker'
import type { PoolClient } from 'pg'
import { describeQueue, telling } from './support/describe-queue'
import type { Errand } from './support/describe-queue'
import { admitToRows, dropQueue, grantQueue, OWNER_URL, queueSchemaOf } from './support/queue-schema'

const logger = new Logger(() => () => {})

describeQueue('graphile-worker', async (town, title) => {
  const { tenancy } = town
  const schema = queueSchemaOf(town, title)
  await runMigrations({ connectionString: OWNER_URL, schema, logger })
  await grantQueue(schema)
  await admitToRows(schema)
  // It warns where either is missing.
  tenancy.admin.on('error', () => {})
  tenancy.admin.on('connect', (client: PoolClient) => client.on('error', () => {}))
  const shared = { pgPool: tenancy.admin, schema, logger }
  const utils = await makeWorkerUtils(shared)
  let runner: Runner | undefined
  return {
    add: (errand) => utils.addJob('errand', errand, { maxAttempts: 1 }),
    work: async (handle, isWrapped, onFailure) => {
      const errand = isWrapped
        ? tenancy.wrapJob((payload: unknown) => handle(payload as Errand), {
            tenant: (payload) => (payload as Errand).tenant,
          })
        : (payload: unknown) => handle(payload as Errand)
      const options = { ...shared, concurrency: 5, pollInterval: 100, noHandleSignals: true }
      runner = await run({
        ...options,
        taskList: { errand: telling(async (payload) => void (await errand(payload)), onFailure) },
      })
    },
    close: async () => {
      await runner?.stop()
      await utils.release()
      await dropQueue(schema)
    },
  }
})
