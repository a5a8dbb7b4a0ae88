import { Command, Option } from 'commander'
import { wholeFrom } from '../../support/command-line'
import { CHAOS_ENGINES } from './chaos'
import type { ChaosEngine } from './chaos'

/** What to run. */
export interface ChaosArguments {
  readonly engines: readonly ChaosEngine[]
  readonly seed: number
  readonly tenants: number
  /** Runs on each engine, each with the next seed. */
  readonly rounds: number
  /** What the commands told of failures in the storms is printed, too. */
  readonly isVerbose: boolean
}

interface Flags {
  readonly engine?: ChaosEngine
  readonly seed: number
  readonly tenants: number
  readonly rounds: number
  readonly verbose?: boolean
}

/** Fewer can't be told apart: two have bad data, two are held. */
const FEWEST_TENANTS = 16

/**
 * Reads the command line.
 *
 * @param args - without node and script: `['--seed', '7']`
 * @param freshSeed - where none is given
 * @throws CommanderError for what it does not know, and for `--help`
 */
export function parseArguments(args: readonly string[], freshSeed: number): ChaosArguments {
  const program = new Command('chaos')
    .description('Migrates a fleet while commands, connections and the server are killed')
    .addOption(new Option('--engine <name>', 'only this one').choices(CHAOS_ENGINES))
    .addOption(new Option('--seed <number>', 'of the first run').argParser(wholeFrom(0)).default(freshSeed))
    .addOption(
      new Option('--tenants <number>', 'of each fleet').argParser(wholeFrom(FEWEST_TENANTS)).default(200),
    )
    .addOption(new Option('--rounds <number>', 'runs on each engine').argParser(wholeFrom(1)).default(1))
    .option('--verbose', 'what failed in the storms, too')
    .allowExcessArguments(false)
    .exitOverride()
  const { engine, verbose = false, ...rest } = program.parse([...args], { from: 'user' }).opts<Flags>()
  return { engines: engine === undefined ? CHAOS_ENGINES : [engine], isVerbose: verbose, ...rest }
}

/** The command that makes a run again. */
export function commandOf({
  engine,
  seed,
  tenants,
}: {
  engine: ChaosEngine
  seed: number
  tenants: number
}): string {
  return `npm run chaos -- --engine ${engine} --seed ${seed} --tenants ${tenants}`
}
