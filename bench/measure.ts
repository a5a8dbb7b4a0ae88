import type { Strategy } from './strategy'
import { tenantOf } from './strategy'

/** One situation to measure in. */
export interface Situation {
  readonly requesters: number
  readonly tenants: number
  /** Queries of one strategy in one round. */
  readonly queries: number
  readonly rounds: number
}

/** Microseconds per query of one strategy, and its ratio to the floor: medians over the rounds. */
export interface Measured {
  readonly name: string
  readonly micros: number
  readonly ratio: number
}

const USERS = 10

/** Lets all strategies run in turn, round after round, so that a slow moment of the machine meets them all. */
export async function measure(
  strategies: readonly Strategy[],
  situation: Situation,
): Promise<readonly Measured[]> {
  const times = strategies.map((): number[] => [])
  for (const strategy of strategies) await runOnce(strategy, situation)
  for (let round = 0; round < situation.rounds; round += 1) {
    for (let turn = 0; turn < strategies.length; turn += 1) {
      // Another one begins in each round: what follows the slowest has a warmer server.
      const index = (turn + round) % strategies.length
      times[index]!.push(await runOnce(strategies[index]!, situation))
    }
  }
  const floor = times[0]!
  return strategies.map(({ name }, index) => ({
    name,
    micros: median(times[index]!),
    ratio: median(times[index]!.map((time, round) => time / floor[round]!)),
  }))
}

async function runOnce(strategy: Strategy, { requesters, tenants, queries }: Situation): Promise<number> {
  let left = queries
  const start = process.hrtime.bigint()
  const request = async (): Promise<void> => {
    while (left-- > 0) {
      const number = 1 + Math.floor(Math.random() * tenants)
      const id = 1 + Math.floor(Math.random() * USERS)
      const name = await strategy.read(tenantOf(number), id)
      if (name !== `t${number}_u${id}`)
        throw new Error(`${strategy.name} read "${name}" for tenant ${number}.`)
    }
  }
  await Promise.all(Array.from({ length: requesters }, request))
  return Number(process.hrtime.bigint() - start) / queries / 1000
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
