import globalSetup from '../support/global-setup'
import { runCommand } from '../support/command-line'
import { parseArguments } from './support/arguments'

runCommand(parseArguments, async (options) => {
  await globalSetup()
  try {
    // What looks for the servers when it is loaded comes after they have started.
    const { run } = await import('./support/run.js')
    return await run(options, (line) => void process.stdout.write(`${line}\n`))
  } finally {
    await globalThis.stopTestServers?.()
  }
})
