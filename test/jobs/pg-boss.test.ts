import PgBoss from 'pg-boss'
import { describeQueue, telling } from './support/describe-queue'
import type { Errand } from './support/describe-queue'
import { dropQueue, grantQueue, OWNER_URL, queueSchemaOf } from './support/queue-schema'

const QUEUE = 'errands'
/** Each takes one job in half a second, which is the shortest that pg-boss knows. */
const WORKERS = 10

async function install(schema: string): Promise<void> {
  const owner = new PgBoss({ connectionString: OWNER_URL, schema, supervise: false, schedule: false })
  await owner.start()
  await owner.createQueue(QUEUE)
  await owner.stop({ graceful: false })
  await grantQueue(schema)
}

describe.each([1, 4])('in batches of %i', (batchSize) => {
  describeQueue(
    'pg-boss',
    async (town, title) => {
      const { tenancy } = town
      const schema = queueSchemaOf(town, title)
      await install(schema)
      const boss = new PgBoss({
        ...{ schema, migrate: false, supervise: false, schedule: false },
        db: { executeSql: (text, values) => tenancy.admin.query(text, values) },
      })
      const errors: unknown[] = []
      boss.on('error', (error) => errors.push(error))
      await boss.start()
      return {
        add: (errand) => boss.send(QUEUE, errand, { retryLimit: 0 }),
        work: async (handle, isWrapped, onFailure) => {
          const all = async (jobs: PgBoss.Job<Errand>[]): Promise<void> => {
            for (const { data } of jobs) await handle(data)
          }
          const work = telling(isWrapped ? tenancy.wrapJob(all) : all, onFailure)
          for (let i = 0; i < (batchSize === 1 ? WORKERS : 2); i++)
            await boss.work<Errand>(QUEUE, { pollingIntervalSeconds: 0.5, batchSize }, work)
        },
        close: async () => {
          await boss.stop({ graceful: false, wait: false })
          await dropQueue(schema)
          expect(errors).toEqual([])
        },
      }
    },
    batchSize === 1 ? 'each' : 'batch',
  )
})
