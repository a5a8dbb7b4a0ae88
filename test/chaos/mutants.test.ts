import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chaos } from './support/chaos'
import { CHAOS_MUTANTS } from './support/mutants'

/** `all`, or a part of a name: each takes about a minute, and more than one storm where the first does not hit it. */
const WANTED = process.env.ROWHOUSE_MUTANTS
const SEEDS = [11, 12, 13]
const TENANTS = 40
const LIMIT_MS = 15 * 60_000

test.each(CHAOS_MUTANTS.flatMap(({ name, changes }) => changes.map((change) => [name, change] as const)))(
  'what one changes that %s stands there once',
  (_name, { file, find }) => {
    expect(readFileSync(join(__dirname, '../../src', file), 'utf8').split(find)).toHaveLength(2)
  },
)

const named = CHAOS_MUTANTS.filter(({ name }) => WANTED === 'all' || name.includes(WANTED ?? ''))
const describeWanted = WANTED === undefined || named.length === 0 ? describe.skip : describe

describeWanted('a bug in the command line is found by storms', () => {
  test.each(named.map((mutant) => [mutant.name, mutant] as const))(
    'one that %s',
    async (_name, { engine, changes }) => {
      for (const seed of SEEDS) {
        const { findings } = await chaos({ engine, seed, tenants: TENANTS }, () => {}, { changes })
        if (findings.length > 0) return
      }
      throw new Error(`Nothing was found with the seeds ${SEEDS.join(', ')}.`)
    },
    LIMIT_MS,
  )
})
