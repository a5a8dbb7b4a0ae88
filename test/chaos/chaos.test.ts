import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { SEED } from '../isolation/support/settings'
import { commandOf } from './support/arguments'
import { chaos, CHAOS_ENGINES } from './support/chaos'

/** Each on a server that is made for it and killed again and again; `npm run chaos` takes 200. */
const TENANTS = 16
const LIMIT_MS = 4 * 60_000

/** Folders of such runs; the others' too, so only what has come counts. */
function workshops(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('rowhouse-chaos-'))
}

test.each(CHAOS_ENGINES)(
  `each tenant gets each migration once, whatever is killed meanwhile, on %s, seed ${SEED}`,
  async (engine) => {
    const before = workshops()
    const plan = { engine, seed: SEED, tenants: TENANTS }
    const told: string[] = []
    const { findings, storms, rests } = await chaos(plan, (line) => told.push(line))
    if (findings.length > 0) throw new Error([...told, ...findings, `Again: ${commandOf(plan)}`].join('\n'))
    // A storm that broke nothing would show nothing.
    const blows = storms.flatMap((one) => Object.values(one.blows)).reduce((sum, count) => sum + count, 0)
    expect(blows).toBeGreaterThan(storms.length)
    expect(storms.some(({ retries, failures }) => retries + failures.length > 0)).toBe(true)
    expect(rests).toHaveLength(storms.length + 1)
    expect(workshops().filter((name) => !before.includes(name))).toEqual([])
  },
  LIMIT_MS,
)
