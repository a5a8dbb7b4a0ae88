import { startPgBouncer } from '../../scripts/embedded-pgbouncer/start'
import type { PgBouncer } from '../../scripts/embedded-pgbouncer/start'
import { SERVERS } from '../support/servers'
import { CONCURRENCY } from './support/caller'
import { stress } from './support/harness'
import type { Report } from './support/harness'
import { LOCAL_KINDS } from './support/kinds'
import { naiveSubject } from './support/naive-pools'
import { ROUNDS, SEED } from './support/settings'
import { tenancySubject } from './support/subjects'
import type { Subject } from './support/subjects'
import { Town } from './support/town'

/** Seconds that a round may take on a slow machine. */
const ROUND_LIMIT = 30

describe.each(SERVERS)(`20 tenants over 2 connections of a PgBouncer and $name, seed ${SEED}`, (server) => {
  const town = new Town(server, `local stress ${server.version}`)
  let bouncer: PgBouncer
  let report: Report

  beforeAll(
    async () => {
      await town.build()
      bouncer = await startPgBouncer({ target: server.appUrl, poolMode: 'transaction' })
      const subject = tenancySubject(town, { mode: 'local', connectionString: bouncer.url })
      const limits = { seed: SEED, rounds: ROUNDS, strikes: 12, limitMs: ROUND_LIMIT * 1000 }
      report = await stress(subject, town, { ...limits, kinds: LOCAL_KINDS })
    },
    (ROUNDS + 1) * ROUND_LIMIT * 1000,
  )
  afterAll(async () => {
    await bouncer.stop()
    await town.clear()
  })

  test(`${CONCURRENCY} requests at once see no row, write or context of another tenant, and no acknowledged write is lost`, () => {
    expect(report.findings.slice(0, 20)).toEqual([])
  })

  test('every kind of request was answered 2xx, and nearly all of them', () => {
    const never = [...report.acknowledged].filter(([, count]) => count === 0).map(([name]) => name)
    expect(never).toEqual([])
    expect(report.disturbed).toBeLessThan(report.requests / 5)
    expect(report.rowsSeen).toBeGreaterThan(report.requests)
    expect(report.writes).toBeGreaterThan(report.requests / 4)
  })

  const controls: [string, (url: string) => Subject][] = [
    [
      'a plain pool that sets its path each time',
      (url) => naiveSubject(town, 'sets its path each time', url),
    ],
  ]
  // Before 18 a path is set with each query of a pool, since nothing is believed.
  if (server.version >= 18)
    controls.push([
      'sessions falsely declared',
      (url) => tenancySubject(town, { pooler: 'session', connectionString: url }),
    ])
  test.each(controls)(
    'the control: %s, and rows and writes of other tenants are found',
    async (_what, open) => {
      await town.reset()
      const report = await stress(open(bouncer.url), town, {
        ...{ seed: SEED, rounds: 15, strikes: 0, limitMs: 10_000 },
        kinds: LOCAL_KINDS.filter(({ isMild, blocksPlainPool }) => isMild && !blocksPlainPool),
        untilFound: ['foreign row', 'foreign write'],
      })
      const found = new Set(report.findings.map(({ type }) => type))
      expect([...found]).toEqual(expect.arrayContaining(['foreign row', 'foreign write']))
    },
    15 * 10_000,
  )
})
