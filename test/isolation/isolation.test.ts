import { expectNoConnections } from '../support/leak-guard'
import { SERVERS } from '../support/servers'
import { CONCURRENCY } from './support/caller'
import { stress, summaryOf } from './support/harness'
import type { Report } from './support/harness'
import { HARD_KINDS, KINDS } from './support/kinds'
import { IS_LONG, ROUNDS, SEED } from './support/settings'
import { tenancySubject } from './support/subjects'
import { Town } from './support/town'

/** Seconds that a round may take on a slow machine. */
const ROUND_LIMIT = 30

// The seed stands in the title, so that whatever fails can be run again with ROWHOUSE_STRESS_SEED.
const BY_ISOLATION = SERVERS.flatMap((server) =>
  (['schema', 'role'] as const).map((isolation) => ({ name: server.name, server, isolation })),
)

describe.each(BY_ISOLATION)(`$isolation: 20 tenants over 3 connections of $name, seed ${SEED}`, (on) => {
  const { server, isolation } = on
  const town = new Town(server, `isolation ${isolation} ${server.version}`, isolation)
  let report: Report

  beforeAll(
    async () => {
      await town.build()
      report = await stress(tenancySubject(town), town, {
        seed: SEED,
        rounds: ROUNDS,
        kinds: isolation === 'role' ? HARD_KINDS : KINDS,
        strikes: 12,
        limitMs: ROUND_LIMIT * 1000,
      })
      if (IS_LONG) process.stdout.write(`${server.name}, ${summaryOf(report)}\n`)
    },
    (ROUNDS + 1) * ROUND_LIMIT * 1000,
  )
  afterAll(() => town.clear())

  test(`${CONCURRENCY} requests at once see no row, write, state or context of another tenant, and no acknowledged write is lost`, () => {
    expect(report.findings.slice(0, 20)).toEqual([])
  })

  test('every kind of request was answered 2xx, and nearly all of them', () => {
    const never = [...report.acknowledged].filter(([, count]) => count === 0).map(([name]) => name)
    expect(never).toEqual([])
    expect(report.disturbed).toBeLessThan(report.requests / 10)
    expect(report.rowsSeen).toBeGreaterThan(report.requests)
    expect(report.writes).toBeGreaterThan(report.requests / 4)
  })

  test('close() leaves no connection behind', () => expectNoConnections(server, town.applicationName))
})
