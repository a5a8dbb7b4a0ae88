import { createApp } from './app'
import { listen } from './listen'
import { startDatabase } from './start-database'
import type { StartedDatabase } from './start-database'

type Stop = () => Promise<void>

/** Starts database and application, and stops both on Ctrl-C. */
async function main(): Promise<void> {
  const stops: Stop[] = []
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop()
  }
  try {
    const started = await startDatabase(process.env.ENGINE || 'postgres')
    stops.push(() => started.stop())
    await started.database.setUp()
    const { app, close } = createApp(started)
    stops.push(close)
    const site = await listen(app, process.env.PORT)
    stops.push(() => site.close())
    stopOnSignal(stopAll)
    process.stdout.write(greet(site.url, started))
  } catch (error) {
    await stopAll()
    throw error
  }
}

/** The terminal's Ctrl-C may arrive twice, from the terminal and from npm: the second one finds nothing left to stop. */
function stopOnSignal(stop: Stop): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop().catch(fail))
}

function greet(url: string, { name, variables }: StartedDatabase): string {
  const indent = (...lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join('')
  return `
The example application runs on ${name}. Ctrl-C stops it.

${indent(url, `${url}/admin`)}
Who signs up as Acme is at http://acme.localhost:${new URL(url).port}, too.

To work on its tenants from another terminal:
${indent(...variables, 'npm run tenants:status', 'npm run tenants:migrate -- --all')}
A migration to try, with pages open: write it, and migrate as above or at /admin.
${indent('npm run tenants:new -- add_colour_to_widgets --sql')}
`
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

main().catch(fail)
