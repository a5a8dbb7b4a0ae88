import { TORTURE_KINDS } from '../isolation/support/kinds'
import { SEED } from '../isolation/support/settings'
import { MYSQL_TORTURE_KINDS } from '../mysql/support/torture-kinds'
import { SLONIKS } from '../slonik/support/sloniks'
import { SLONIK_KINDS } from '../slonik/support/stress-kinds'
import { SERVERS } from '../support/servers'
import { ENGINES } from './support/rig'
import type { EngineName, Figures, Plan, Rig } from './support/rig'
import { torture } from './support/torture'
import { buildYard } from './support/yard'
import type { Yard } from './support/yard'

const LIMIT_MS = 5 * 60_000
const REQUESTS = 120

/** On a server of DATABASE_URL there may be none of this version. */
function isThere(engine: EngineName): boolean {
  const version = engine === 'postgres-15' ? 15 : 18
  return engine === 'mysql' || SERVERS.some((server) => server.version === version)
}

// The level in between has tests of its own: test/isolation, test/mysql/isolation and test/slonik/isolation.
describe(`the levels of hygiene "fast" and "strict", seed ${SEED}`, () => {
  let yard: Yard
  beforeAll(async () => {
    yard = await buildYard(ENGINES.filter(isThere), ['fast', 'strict'], SLONIKS.at(-1)!)
  }, LIMIT_MS)
  afterAll(() => yard.clear(), LIMIT_MS)

  test(
    'no request sees or writes what is not its own, no acknowledged write is lost, and all are answered, whatever breaks',
    async () => {
      const { rigs } = yard
      const told: string[] = []
      const { tallies, findings } = await torture(
        rigs,
        {
          seed: SEED,
          ops: rigs.length * REQUESTS,
          minutes: 4,
          requests: REQUESTS,
          kinds: undefined,
          shrinks: false,
        },
        (line) => told.push(line),
      )
      if (findings.length > 0) throw new Error(told.join('\n'))
      for (const { rig, requests, statements, acknowledged, rowsSeen, writes } of tallies) {
        expect(requests).toBe(REQUESTS)
        // Slonik brings its own copy of pg into jest, which is not counted.
        if (rig.engine !== 'slonik') expect(statements).toBeGreaterThan(REQUESTS)
        expect(acknowledged).toBeGreaterThan(REQUESTS * 0.7)
        expect(rowsSeen).toBeGreaterThan(REQUESTS)
        expect(writes).toBeGreaterThan(REQUESTS / 5)
      }
    },
    LIMIT_MS,
  )
})

test('names of kinds have no comma, which stands between them on the command line', () => {
  const names = [...TORTURE_KINDS, ...MYSQL_TORTURE_KINDS, ...SLONIK_KINDS].map(({ name }) => name)
  expect(names.filter((name) => name.includes(','))).toEqual([])
})

describe('the rounds of a run', () => {
  const CLEAN = { statements: 3, rowsSeen: 1, writes: 1, acknowledged: 1, disturbed: 0, findings: [] }
  const options = { seed: 5, ops: 40, minutes: Infinity, requests: 10, kinds: undefined, shrinks: true }

  function rigOf(
    name: 'fast' | 'strict',
    outcome: (plan: Plan) => Partial<Figures>,
  ): Rig & { plans: Plan[] } {
    const plans: Plan[] = []
    const round = async (plan: Plan): Promise<Figures> => {
      plans.push(plan)
      return { requests: plan.requests, ...CLEAN, ...outcome(plan) }
    }
    return { engine: 'mysql', hygiene: name, kinds: ['a', 'b', 'c'], plans, round }
  }

  test('go to each rig in turn, each with a seed of its own', async () => {
    const rigs = [rigOf('fast', () => ({})), rigOf('strict', () => ({}))]
    const { tallies } = await torture(rigs, options, () => {})
    expect(rigs.map(({ plans }) => plans.map(({ seed }) => seed))).toEqual([
      [5, 7],
      [6, 8],
    ])
    expect(tallies.map(({ requests, writes }) => [requests, writes])).toEqual([
      [20, 2],
      [20, 2],
    ])
  })

  test('end at a finding, with the commands that make it again', async () => {
    const lost = { type: 'lost write', what: 't01/1-0' } as const
    const rig = rigOf('fast', ({ seed, kinds }) =>
      seed === 6 && kinds.includes('b') ? { findings: [lost] } : {},
    )
    const told: string[] = []
    const { findings } = await torture([rig], options, (line) => told.push(line))
    expect(findings).toEqual([lost])
    expect(told[0]).toBe('mysql fast, round 1, seed 6: 1 findings')
    expect(told).toContain(
      'Again: npm run torture -- --engine mysql --hygiene fast --seed 6 --ops 10 --requests 10',
    )
    expect(told.at(-1)).toBe(
      'Smallest: npm run torture -- --engine mysql --hygiene fast --seed 6 --ops 1 --requests 1 --kinds "b"',
    )
  })
})
