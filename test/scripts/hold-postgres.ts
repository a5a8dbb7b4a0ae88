import { startPostgres } from '../../scripts/embedded-postgres/start'

/** Run by embedded-postgres.test.ts: starts a server, prints it as JSON, and never stops it. */
async function main(): Promise<void> {
  const { pid, dataDir } = await startPostgres({ version: 18 })
  process.stdout.write(`${JSON.stringify({ pid, dataDir })}\n`)
  if (process.argv[2] === 'throw') throw new Error('thrown on purpose')
  if (process.argv[2] === 'return') return
  setInterval(() => {}, 60_000)
}

void main()
