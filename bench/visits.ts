import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How many tenants there are: `SCALE_TENANTS=1000`. */
export const TENANTS = Number(process.env.SCALE_TENANTS ?? 10_000)
/** Connections of each pool. */
export const POOL_SIZE = 10
/** Tenants that are visited before anything is measured. */
const WARM_UP = 200

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What visits have cost. */
export interface Visits {
  /** By how many bytes the heap of this process has grown for each tenant: after the first visit, and with the second one. */
  readonly grown: readonly [first: number, second: number]
  readonly microsPerQuery: number
}

/** Visits each tenant, and once more. @param ask - one query in the context of this tenant */
export async function visitAll(ask: (tenant: string) => Promise<unknown>): Promise<Visits> {
  const visit = async (first: number, last: number): Promise<void> => {
    let next = first
    const work = async (): Promise<void> => {
      while (next <= last) await ask(String(next++))
    }
    await Promise.all(Array.from({ length: POOL_SIZE }, work))
  }
  await visit(1, WARM_UP)
  const visited = TENANTS - WARM_UP
  const before = heap()
  const start = process.hrtime.bigint()
  await visit(WARM_UP + 1, TENANTS)
  const microsPerQuery = Number(process.hrtime.bigint() - start) / 1000 / visited
  const between = heap()
  await visit(WARM_UP + 1, TENANTS)
  return { grown: [(between - before) / visited, (heap() - between) / visited], microsPerQuery }
}

function heap(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
