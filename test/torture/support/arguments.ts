import { Command, InvalidArgumentError, Option } from 'commander'
import { wholeFrom } from '../../support/command-line'
import type { Hygiene } from '../../../src/postgres/hygiene'
import { ENGINES, HYGIENES } from './rig'
import type { EngineName } from './rig'

/** What to run, and how long. */
export interface TortureArguments {
  readonly seed: number
  /** Requests in all, over all rigs. */
  readonly ops: number
  readonly engines: readonly EngineName[]
  readonly hygienes: readonly Hygiene[]
  /** Ends after the round that is running by then. */
  readonly minutes: number
  /** Requests of one round. */
  readonly requests: number
  /** Names of kinds; undefined means every one. */
  readonly kinds: readonly string[] | undefined
  /** Whether to look for a smaller round that fails as well. */
  readonly shrinks: boolean
}

interface Flags {
  readonly seed: number
  readonly ops: number
  readonly engine?: EngineName
  readonly hygiene?: Hygiene
  readonly minutes: number
  readonly requests?: number
  readonly kinds?: readonly string[]
  readonly shrink: boolean
}

const MOST_REQUESTS = 1000

/**
 * Reads the command line.
 *
 * @param args - without node and script: `['--ops', '5000']`
 * @param freshSeed - where none is given
 * @throws CommanderError for what it does not know, and for `--help`
 */
export function parseArguments(args: readonly string[], freshSeed: number): TortureArguments {
  const program = new Command('torture')
    .description('Drives every pool with seeded requests, and compares what they saw and wrote')
    .addOption(new Option('--seed <number>', 'of the first round').argParser(wholeFrom(0)).default(freshSeed))
    .addOption(new Option('--ops <number>', 'requests in all').argParser(wholeFrom(1)).default(2000))
    .addOption(new Option('--engine <name>', 'only this one').choices(ENGINES))
    .addOption(new Option('--hygiene <level>', 'only this one').choices(HYGIENES))
    .addOption(new Option('--minutes <number>', 'at most').argParser(positive).default(Infinity, 'no limit'))
    .addOption(new Option('--requests <number>', 'of one round').argParser(wholeFrom(1)))
    .addOption(new Option('--kinds <names>', 'only these, with commas between them').argParser(listOf))
    .option('--no-shrink', 'do not look for a smaller round that fails as well')
    .allowExcessArguments(false)
    .exitOverride()
  const flags = program.parse([...args], { from: 'user' }).opts<Flags>()
  const { seed, ops, engine, hygiene, minutes, kinds } = flags
  const engines = engine === undefined ? ENGINES : [engine]
  const hygienes = hygiene === undefined ? HYGIENES : [hygiene]
  const share = Math.ceil(ops / (engines.length * hygienes.length))
  const { requests = Math.min(MOST_REQUESTS, share) } = flags
  return { seed, ops, engines, hygienes, minutes, requests, kinds, shrinks: flags.shrink }
}

/** The command that makes a round again. */
export function commandOf(
  rig: { readonly engine: EngineName; readonly hygiene: Hygiene },
  plan: { readonly seed: number; readonly requests: number; readonly kinds?: readonly string[] },
): string {
  const kinds = plan.kinds === undefined ? '' : ` --kinds "${plan.kinds.join(',')}"`
  const { seed, requests } = plan
  return `npm run torture -- --engine ${rig.engine} --hygiene ${rig.hygiene} --seed ${seed} --ops ${requests} --requests ${requests}${kinds}`
}

function positive(text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new InvalidArgumentError('It is a number above 0.')
  return number
}

function listOf(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.includes('')) throw new InvalidArgumentError('They are names with commas between them.')
  return names
}
