import { IS_LONG, ROUNDS, SEED } from '../isolation/support/settings'
import { MYSQL_SERVERS } from '../support/servers'
import { stress } from './support/stress'
import type { MysqlReport } from './support/stress'
import { HARD_KINDS, MYSQL_KINDS } from './support/stress-kinds'
import { naiveSubject, scopedSubject } from './support/stress-subjects'
import { StressTown } from './support/stress-town'

// The seed stands in the title, so that whatever fails can be run again with ROWHOUSE_STRESS_SEED.
const BY_ISOLATION = MYSQL_SERVERS.flatMap((server) =>
  (['database', 'role'] as const).map((isolation) => ({ name: server.name, server, isolation })),
)

describe.each(BY_ISOLATION)(`$isolation: 20 tenants over 3 connections of $name, seed ${SEED}`, (on) => {
  const { server, isolation } = on
  const town = new StressTown(server, `isolation ${isolation}`, isolation)
  let report: MysqlReport

  beforeAll(
    async () => {
      await town.build()
      report = await stress(scopedSubject(town), town, {
        seed: SEED,
        rounds: ROUNDS,
        kinds: isolation === 'role' ? [...MYSQL_KINDS, ...HARD_KINDS] : MYSQL_KINDS,
        strikes: 10,
      })
      if (IS_LONG)
        process.stdout.write(
          `${server.name}: ${JSON.stringify({ ...report, findings: report.findings.length })}\n`,
        )
    },
    (ROUNDS + 2) * 30_000,
  )
  afterAll(() => town.clear())

  test('200 requests at once see no row, write, state or context of another tenant, and no acknowledged write is lost', () => {
    expect(report.findings.slice(0, 20)).toEqual([])
  })

  test('nearly all of them were answered 2xx, and they read and wrote', () => {
    expect(report.acknowledged).toBeGreaterThan(report.requests * 0.8)
    expect(report.rowsSeen).toBeGreaterThan(report.requests)
    expect(report.writes).toBeGreaterThan(report.requests / 4)
  })
})

// The control: what finds nothing above finds rows and writes of other tenants here.
describe.each(MYSQL_SERVERS)('a naive pool on $name', (server) => {
  test('that sends USE in front of each query shows rows of other tenants, and writes into their tables', async () => {
    const town = new StressTown(server, 'naive')
    await town.build()
    try {
      const kinds = MYSQL_KINDS.filter(({ isMild }) => isMild === true)
      const { findings } = await stress(naiveSubject(town), town, {
        seed: SEED,
        rounds: 3,
        kinds,
        strikes: 0,
      })
      const found = new Set(findings.map(({ type }) => type))
      expect([...found]).toEqual(expect.arrayContaining(['foreign row', 'foreign write']))
    } finally {
      await town.clear()
    }
  }, 120_000)
})
