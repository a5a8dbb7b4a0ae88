import { CONCURRENCY } from '../isolation/support/caller'
import { stress, summaryOf } from '../isolation/support/harness'
import type { Report } from '../isolation/support/harness'
import type { Kind } from '../isolation/support/kind'
import { IS_LONG, ROUNDS, SEED } from '../isolation/support/settings'
import { Town } from '../isolation/support/town'
import { expectNoConnections } from '../support/leak-guard'
import type { NaiveRecipe } from './support/naive-sloniks'
import { PAIRS } from './support/slonik-houses'
import { SLONIKS } from './support/sloniks'
import { kindsOn } from './support/stress-kinds'
import { naiveSubject, slonikSubject } from './support/stress-subjects'

/** Each server and each slonik; all pairs of them in a long run. */
const CHOSEN = IS_LONG
  ? PAIRS
  : PAIRS.filter(
      ({ slonik }, at) => SLONIKS.indexOf(slonik) === (1 + Math.floor(at / SLONIKS.length)) % SLONIKS.length,
    )

/** Milliseconds that a round may take on a slow machine. */
const ROUND_LIMIT_MS = 30_000

// The seed stands in the title, so that whatever fails can be run again with ROWHOUSE_STRESS_SEED.
describe.each(CHOSEN)(`20 tenants over 3 connections of $name, seed ${SEED}`, ({ name, server, slonik }) => {
  const town = new Town(server, `slonik isolation ${name}`)
  let report: Report

  beforeAll(
    async () => {
      await town.build()
      const subject = await slonikSubject(town, slonik)
      const options = { seed: SEED, rounds: ROUNDS, strikes: 12, limitMs: ROUND_LIMIT_MS }
      report = await stress(subject, town, { ...options, kinds: kindsOn(subject) })
      if (IS_LONG) process.stdout.write(`${name}, ${summaryOf(report)}\n`)
    },
    (ROUNDS + 1) * ROUND_LIMIT_MS,
  )
  afterAll(() => town.clear())

  test(`${CONCURRENCY} requests at once see no row, write, state or context of another tenant, and no acknowledged write is lost`, () => {
    expect(report.findings.slice(0, 20)).toEqual([])
  })

  test('every kind of request was answered 2xx, and nearly all of them', () => {
    const never = [...report.acknowledged].filter(([, count]) => count === 0).map(([kind]) => kind)
    expect(never).toEqual([])
    expect(report.disturbed).toBeLessThan(report.requests / 10)
    expect(report.rowsSeen).toBeGreaterThan(report.requests)
    expect(report.writes).toBeGreaterThan(report.requests / 4)
  })

  test('end() leaves no connection behind', () => expectNoConnections(server, town.applicationName))
})

const MAX_ROUNDS = 15
const CASES = [
  ['believes its path', 'all kinds of requests', () => true],
  ['reads the tenant late', 'all kinds of requests', () => true],
  ['reads the tenant late', 'harmless requests', (kind: Kind) => kind.isMild === true],
] as const satisfies readonly (readonly [NaiveRecipe, string, (kind: Kind) => boolean])[]

// The control: what finds nothing above finds rows and writes of other tenants here.
describe.each(CHOSEN)(`on $name, seed ${SEED}`, ({ name, server, slonik }) => {
  // The older server has no mixes of its own but in the long run.
  const cases =
    IS_LONG || server.version >= 18 ? CASES : CASES.filter(([, mix]) => mix === 'all kinds of requests')
  test.each(cases)(
    'a slonik that %s shows rows of other tenants and writes into their tables, with %s',
    async (recipe, mix, isWanted) => {
      const town = new Town(server, `${recipe} ${mix} ${name}`)
      try {
        await town.build()
        const subject = await naiveSubject(town, slonik, recipe)
        const kinds = kindsOn(subject).filter((kind) => !kind.blocksPlainPool && isWanted(kind))
        const report = await stress(subject, town, {
          seed: SEED,
          rounds: MAX_ROUNDS,
          strikes: 0,
          limitMs: 10_000,
          untilFound: ['foreign row', 'foreign write'],
          kinds,
        })
        const found = new Set(report.findings.map(({ type }) => type))
        expect([...found]).toEqual(expect.arrayContaining(['foreign row', 'foreign write']))
      } finally {
        await town.clear()
      }
    },
    MAX_ROUNDS * 10_000,
  )
})
