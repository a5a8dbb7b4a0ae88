import { setImmediate as nextTurn } from 'node:timers/promises'
import { commandOf } from './arguments'
import type { TortureArguments } from './arguments'
import type { Figures, Rig } from './rig'
import { shrink } from './shrink'
import type { Candidate } from './shrink'

/** Figures of one rig, summed up. */
export interface Tally {
  readonly rig: Rig
  readonly requests: number
  readonly statements: number
  readonly rowsSeen: number
  readonly writes: number
  readonly acknowledged: number
  readonly disturbed: number
  readonly findings: number
  readonly seconds: number
}

/** What came of a run. */
export interface Outcome {
  readonly tallies: readonly Tally[]
  readonly findings: Figures['findings']
}

type Options = Pick<TortureArguments, 'seed' | 'ops' | 'minutes' | 'requests' | 'kinds' | 'shrinks'>

const SHRINK_LIMITS = { tries: 3, runs: 60 } as const
/** Findings that are told of one round. */
const MOST_TOLD = 10

/**
 * Does rounds on each rig in turn, until all requests are made, the time is over, or something was found. Round `n` has the
 * seed `seed + n`, a pool of its own and empty tables, so that it can be made again alone, and nothing grows.
 */
export async function torture(
  rigs: readonly Rig[],
  options: Options,
  tell: (line: string) => void,
): Promise<Outcome> {
  const tallies = rigs.map((rig) => new RigTally(rig))
  const deadline = performance.now() + options.minutes * 60_000
  let requests = 0
  for (let round = 0; requests < options.ops && performance.now() < deadline; round++) {
    const tally = tallies[round % tallies.length]!
    const plan = {
      seed: options.seed + round,
      requests: options.requests,
      kinds: options.kinds ?? tally.rig.kinds,
    }
    const figures = await tally.count(() => tally.rig.round(plan))
    requests += figures.requests
    if (figures.findings.length > 0) {
      tellFindings(tally.rig, round, { ...plan, kinds: options.kinds }, figures, tell)
      if (options.shrinks) await tellSmallest(tally.rig, plan, tell)
      return { tallies: tallies.map((one) => one.value), findings: figures.findings }
    }
    await nextTurn()
  }
  return { tallies: tallies.map((one) => one.value), findings: [] }
}

function tellFindings(
  rig: Rig,
  round: number,
  { kinds, ...plan }: { seed: number; requests: number; kinds: readonly string[] | undefined },
  { findings }: Figures,
  tell: (line: string) => void,
): void {
  tell(`${rig.engine} ${rig.hygiene}, round ${round}, seed ${plan.seed}: ${findings.length} findings`)
  for (const { type, what } of findings.slice(0, MOST_TOLD)) tell(`  ${type}: ${what}`)
  tell(`Again: ${commandOf(rig, kinds === undefined ? plan : { ...plan, kinds })}`)
}

async function tellSmallest(
  rig: Rig,
  { seed, ...whole }: Candidate & { seed: number },
  tell: (line: string) => void,
): Promise<void> {
  const fails = async (candidate: Candidate): Promise<boolean> => {
    const { findings } = await rig.round({ seed, ...candidate })
    const { kinds, requests } = candidate
    tell(`  ${kinds.length} kinds, ${requests} requests: ${findings.length} findings`)
    return findings.length > 0
  }
  const smallest = await shrink(whole, fails, SHRINK_LIMITS)
  tell(`Smallest: ${commandOf(rig, { seed, ...smallest })}`)
}

/** Sums up what the rounds of one rig came to. */
class RigTally {
  readonly rig: Rig
  readonly #sums = {
    requests: 0,
    statements: 0,
    rowsSeen: 0,
    writes: 0,
    acknowledged: 0,
    disturbed: 0,
    findings: 0,
    seconds: 0,
  }

  constructor(rig: Rig) {
    this.rig = rig
  }

  get value(): Tally {
    return { rig: this.rig, ...this.#sums }
  }

  async count(work: () => Promise<Figures>): Promise<Figures> {
    const start = performance.now()
    const figures = await work()
    this.#sums.seconds += (performance.now() - start) / 1000
    for (const key of ['requests', 'statements', 'rowsSeen', 'writes', 'acknowledged', 'disturbed'] as const)
      this.#sums[key] += figures[key]
    this.#sums.findings += figures.findings.length
    return figures
  }
}
