import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Two ways to do the same; each round of one is set against the round of the other beside it. */
export interface Contest {
  readonly name: string
  /** What must be there before a round; not measured. */
  readonly prepare?: (round: number) => Promise<void> | void
  readonly ours: (round: number) => Promise<void>
  readonly theirs: (round: number) => Promise<void>
}

/** Medians over the rounds. */
export interface Result {
  readonly name: string
  /** What ours was set against. */
  readonly against: string
  readonly oursMs: number
  readonly theirsMs: number
  /** Of their time to ours: above 1 ours is faster. */
  readonly ratio: number
}

/**
 * Lets both run in turn, the one first that was last before, so that a slow moment of the machine meets both. Neither pays for the
 * garbage of the other, which was a tenth of what ours took beside a thousand connections.
 */
export async function medianRatio(contest: Contest, against: string, rounds: number): Promise<Result> {
  const times: { ours: number; theirs: number }[] = []
  // The first is to warm up.
  for (let round = 0; round <= rounds; round += 1) {
    await contest.prepare?.(round)
    const time = { ours: 0, theirs: 0 }
    const order = round % 2 === 0 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const)
    for (const who of order) {
      collectGarbage()
      const start = performance.now()
      await contest[who](round)
      time[who] = performance.now() - start
    }
    if (round > 0) times.push(time)
  }
  return {
    name: contest.name,
    against,
    oursMs: median(times.map(({ ours }) => ours)),
    theirsMs: median(times.map(({ theirs }) => theirs)),
    ratio: median(times.map(({ ours, theirs }) => theirs / ours)),
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
