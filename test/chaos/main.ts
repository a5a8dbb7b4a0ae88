import { runCommand } from '../support/command-line'
import { commandOf, parseArguments } from './support/arguments'
import type { ChaosArguments } from './support/arguments'
import { chaos, samplesOf } from './support/chaos'

const INTERRUPTED = 130
const say = (line: string): void => void process.stdout.write(`${line}\n`)

runCommand(parseArguments, runAll)

async function runAll(options: ChaosArguments): Promise<number> {
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
