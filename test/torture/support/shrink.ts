/** What a failing round is made of. */
export interface Candidate {
  readonly kinds: readonly string[]
  readonly requests: number
}

/** How hard to look. */
export interface ShrinkLimits {
  /** Timing matters, so one that passes may fail the next time. */
  readonly tries: number
  /** Runs in all. */
  readonly runs: number
}

/** Of the runs; the others are for fewer requests. */
const SHARE_OF_KINDS = 0.75

/**
 * Looks for a smaller round that still fails: first fewer kinds, by halves and then by ever smaller parts (Zeller's ddmin),
 * then half as many requests, as long as that fails.
 *
 * @param fails - runs a candidate once
 */
export async function shrink(
  whole: Candidate,
  fails: (candidate: Candidate) => Promise<boolean>,
  limits: ShrinkLimits,
): Promise<Candidate> {
  const passed = new Set<string>()
  let [runs, most] = [0, Math.ceil(limits.runs * SHARE_OF_KINDS)]
  const stillFails = async (candidate: Candidate): Promise<boolean> => {
    const key = JSON.stringify(candidate)
    if (passed.has(key)) return false
    for (let attempt = 0; attempt < limits.tries && runs < most; attempt++) {
      runs++
      if (await fails(candidate)) return true
    }
    passed.add(key)
    return false
  }
  const fewerKinds = await withFewerKinds(whole, stillFails)
  most = limits.runs
  return withFewerRequests(fewerKinds, stillFails)
}

async function withFewerKinds(
  whole: Candidate,
  stillFails: (candidate: Candidate) => Promise<boolean>,
): Promise<Candidate> {
  let smallest = whole
  let parts = 2
  while (smallest.kinds.length > 1) {
    const smaller = await first(selections(smallest.kinds, parts), (kinds) =>
      stillFails({ ...smallest, kinds }),
    )
    if (smaller !== undefined) {
      // What is left of n parts without one is n - 1 parts.
      parts = smaller.length <= Math.ceil(smallest.kinds.length / parts) ? 2 : Math.max(2, parts - 1)
      smallest = { ...smallest, kinds: smaller }
    } else if (parts >= smallest.kinds.length) return smallest
    else parts = Math.min(parts * 2, smallest.kinds.length)
  }
  return smallest
}

async function withFewerRequests(
  whole: Candidate,
  stillFails: (candidate: Candidate) => Promise<boolean>,
): Promise<Candidate> {
  let smallest = whole
  while (smallest.requests > 1) {
    const half = { ...smallest, requests: Math.floor(smallest.requests / 2) }
    if (!(await stillFails(half))) return smallest
    smallest = half
  }
  return smallest
}

/** Each of so many parts alone, then all but each. */
function selections(kinds: readonly string[], parts: number): readonly (readonly string[])[] {
  const size = Math.ceil(kinds.length / parts)
  const chunks = Array.from({ length: Math.ceil(kinds.length / size) }, (_, index) =>
    kinds.slice(index * size, (index + 1) * size),
  )
  const others = chunks.map((chunk) => kinds.filter((kind) => !chunk.includes(kind)))
  // Of two halves, each is the other one's rest.
  return chunks.length > 2 ? [...chunks, ...others] : chunks
}

async function first<T>(
  items: readonly T[],
  isWanted: (item: T) => Promise<boolean>,
): Promise<T | undefined> {
  for (const item of items) if (await isWanted(item)) return item
  return undefined
}
