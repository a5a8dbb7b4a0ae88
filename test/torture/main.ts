import { CommanderError } from 'commander'
import globalSetup from '../support/global-setup'
import { parseArguments } from './support/arguments'
import type { TortureArguments } from './support/arguments'

const USAGE = 2

async function main(): Promise<number> {
  let options: TortureArguments
  try {
    options = parseArguments(process.argv.slice(2), Date.now() % 1_000_000)
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : USAGE
  }
  await globalSetup()
  try {
    // What looks for the servers when it is loaded comes after they have started.
    const { run } = await import('./support/run.js')
    return await run(options, (line) => void process.stdout.write(`${line}\n`))
  } finally {
    await globalThis.stopTestServers?.()
  }
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error)
    process.exitCode = USAGE
  },
)
