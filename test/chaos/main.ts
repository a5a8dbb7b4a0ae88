import { CommanderError } from 'commander'
import { commandOf, parseArguments } from './support/arguments'
import type { ChaosArguments } from './support/arguments'
import { chaos, samplesOf } from './support/chaos'

const USAGE = 2
const INTERRUPTED = 130
const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function main(): Promise<number> {
  let options: ChaosArguments
  try {
    options = parseArguments(process.argv.slice(2), Date.now() % 1_000_000)
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : USAGE
  }
  const { engines, seed, tenants, rounds, isVerbose } = options
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort())
  for (let round = 0; round < rounds; round++)
    for (const engine of engines) {
      const plan = { engine, seed: seed + round, tenants }
      say(`${engine}, seed ${plan.seed}, ${tenants} tenants`)
      const { signal } = interrupted
      const outcome = await chaos(plan, (line) => say(`  ${line}`), { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
      if (outcome === undefined) return INTERRUPTED
      say(`  ${outcome.findings.length} findings in ${Math.round(outcome.seconds)} s`)
      if (isVerbose) for (const sample of samplesOf(outcome)) say(`  ${sample}`)
      if (outcome.findings.length === 0) continue
      for (const finding of outcome.findings.slice(0, 20)) say(`  ${finding}`)
      say(`Again: ${commandOf(plan)}`)
      return 1
    }
  return 0
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
