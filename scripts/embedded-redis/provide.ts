import { startRedis } from './start'

/** A Redis to work with. */
export interface ProvidedRedis {
  /** `redis://127.0.0.1:41234` */
  readonly url: string
  /** Ends it, unless it is another's. */
  stop(): Promise<void>
}

/**
 * The Redis of REDIS_URL, or else one of our own with an empty memory.
 *
 * @throws as {@link startRedis}
 */
export async function provideRedis(): Promise<ProvidedRedis> {
  const url = process.env.REDIS_URL
  return url === undefined || url === '' ? startRedis() : { url, stop: async () => {} }
}
