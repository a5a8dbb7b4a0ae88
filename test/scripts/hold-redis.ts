import { startRedis } from '../../scripts/embedded-redis/start'

/** Run by embedded-redis.test.ts: starts a server, prints it as JSON, and never stops it. */
async function main(): Promise<void> {
  const { pid, folder } = await startRedis()
  process.stdout.write(`${JSON.stringify({ pid, folder })}\n`)
  setInterval(() => {}, 60_000)
}

void main()
