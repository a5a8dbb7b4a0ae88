import { providePostgres } from '../scripts/embedded-postgres/provide'
import type { Server } from '../scripts/embedded-postgres/start'
import { createApp } from './app'
import { listen } from './listen'
import { setUpDatabase } from './set-up-database'

type Stop = () => Promise<void>

/** Starts database and application, and stops both on Ctrl-C. */
async function main(): Promise<void> {
  const stops: Stop[] = []
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop()
  }
  try {
    const database = await providePostgres()
    stops.push(() => database.stop())
    await setUpDatabase(database)
    const { app, tenancy } = createApp(database)
    stops.push(() => tenancy.close())
    const site = await listen(app, process.env.PORT)
    stops.push(() => site.close())
    stopOnSignal(stopAll)
    process.stdout.write(greet(site.url, database))
  } catch (error) {
    await stopAll()
    throw error
  }
}

/** The terminal's Ctrl-C may arrive twice, from the terminal and from npm: the second one finds nothing left to stop. */
function stopOnSignal(stop: Stop): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop().catch(fail))
}

function greet(url: string, { version, ownerUrl, appUrl }: Server): string {
  // One's own server may have a password in its URL, and one knows it anyway.
  const variables = process.env.DATABASE_URL
    ? '(with the same DATABASE_URL and OWNER_URL)'
    : `  export DATABASE_URL=${appUrl}\n  export OWNER_URL=${ownerUrl}`
  return `
The example application runs on PostgreSQL ${version}. Ctrl-C stops it.

  ${url}

To work on its tenants from another terminal:
${variables}
  npm run tenants:status

`
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

main().catch(fail)
