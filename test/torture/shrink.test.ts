import { shrink } from './support/shrink'
import type { Candidate } from './support/shrink'

const KINDS = Array.from({ length: 40 }, (_, index) => `kind ${index}`)
const LIMITS = { tries: 3, runs: 1000 }

/** A runner that fails where all of these kinds come together in so many requests. */
function failingOn(culprits: readonly string[], requests: number): jest.Mock<Promise<boolean>, [Candidate]> {
  return jest.fn(async (candidate: Candidate) => {
    const isThere = culprits.every((kind) => candidate.kinds.includes(kind))
    return isThere && candidate.requests >= requests
  })
}

test.each([
  ['one kind', ['kind 17'], 1],
  ['two that stand side by side', ['kind 3', 'kind 4'], 30],
  ['two far apart', ['kind 1', 'kind 38'], 200],
  ['three', ['kind 0', 'kind 20', 'kind 39'], 6],
])('finds %s, and fewer than twice as many requests as it takes', async (_title, culprits, needed) => {
  const smallest = await shrink({ kinds: KINDS, requests: 400 }, failingOn(culprits, needed), LIMITS)
  expect(smallest.kinds).toEqual(culprits)
  expect(smallest.requests).toBeGreaterThanOrEqual(needed)
  expect(smallest.requests).toBeLessThan(Math.max(2, needed * 2))
})

test('a round whose kinds are all needed stays whole', async () => {
  const whole = { kinds: KINDS.slice(0, 4), requests: 8 }
  expect(await shrink(whole, failingOn(whole.kinds, 8), LIMITS)).toEqual(whole)
})

test('tries each candidate as often as it may, and takes the first failure', async () => {
  const outcomes = [false, false, true]
  const fails = jest.fn(async () => outcomes.shift() ?? false)
  const smallest = await shrink({ kinds: ['a', 'b'], requests: 1 }, fails, LIMITS)
  expect(smallest).toEqual({ kinds: ['a'], requests: 1 })
  expect(fails).toHaveBeenCalledTimes(3)
})

test('a failure that never comes again leaves the whole', async () => {
  const whole = { kinds: ['a', 'b', 'c', 'd'], requests: 16 }
  const fails = jest.fn(async () => false)
  expect(await shrink(whole, fails, LIMITS)).toEqual(whole)
})

test('ends after so many runs, of which some are kept for fewer requests', async () => {
  const fails = failingOn(['kind 7', 'kind 32'], 150)
  const smallest = await shrink({ kinds: KINDS, requests: 400 }, fails, { tries: 3, runs: 12 })
  expect(fails).toHaveBeenCalledTimes(12)
  expect(smallest).toEqual({ kinds: KINDS, requests: 200 })
})

test('runs no candidate again that has passed', async () => {
  const fails = failingOn(['kind 1', 'kind 38'], 1)
  await shrink({ kinds: KINDS, requests: 1 }, fails, { ...LIMITS, tries: 1 })
  const candidates = fails.mock.calls.map(([candidate]) => candidate.kinds.join())
  expect(new Set(candidates).size).toBe(candidates.length)
})
