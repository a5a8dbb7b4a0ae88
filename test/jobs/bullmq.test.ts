import { Queue, Worker } from 'bullmq'
import type { Job } from 'bullmq'
import { provideRedis } from '../../scripts/embedded-redis/provide'
import type { ProvidedRedis } from '../../scripts/embedded-redis/provide'
import { describeQueue, telling } from './support/describe-queue'
import type { Errand } from './support/describe-queue'

let redis: ProvidedRedis
beforeAll(async () => {
  redis = await provideRedis()
})
afterAll(() => redis.stop())

describeQueue('BullMQ', async ({ tenancy, prefix }) => {
  const connection = { url: redis.url, maxRetriesPerRequest: null }
  const queue = new Queue<Errand>(prefix, { connection })
  await queue.waitUntilReady()
  let worker: Worker<Errand> | undefined
  return {
    add: (errand) => queue.add('errand', errand),
    work: async (handle, isWrapped, onFailure) => {
      const one = (job: Job<Errand>): Promise<void> => handle(job.data)
      const work = telling(isWrapped ? tenancy.wrapJob(one) : one, onFailure)
      worker = new Worker<Errand>(prefix, work, { connection, concurrency: 8 })
      worker.on('error', () => {})
      await worker.waitUntilReady()
    },
    close: async () => {
      await worker?.close()
      await queue.obliterate({ force: true })
      await queue.close()
    },
  }
})
