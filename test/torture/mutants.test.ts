import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutant } from './support/mutant'
import { MYSQL_MUTANTS } from './support/mysql-mutants'
import { POSTGRES_MUTANTS } from './support/postgres-mutants'
import { runMutant, tortureMutant } from './support/run-mutant'

/** `all`, or a part of a name. `npm run torture:mutants` runs all of them, of which each takes half a minute. */
const WANTED = process.env.ROWHOUSE_MUTANTS
const MUTANTS: readonly Mutant[] = [...POSTGRES_MUTANTS, ...MYSQL_MUTANTS]

const LIMIT_MS = 8 * 60_000

test.each(MUTANTS.flatMap(({ name, changes }) => changes.map((change) => [name, change] as const)))(
  'what one changes that %s stands there once',
  (_name, { file, find }) => {
    expect(readFileSync(join(__dirname, '../../src', file), 'utf8').split(find)).toHaveLength(2)
  },
)

describe('a bug in the source is found by requests alone', () => {
  const few = [POSTGRES_MUTANTS[0]!, MYSQL_MUTANTS[0]!]
  const named = MUTANTS.filter(({ name }) => WANTED === 'all' || name.includes(WANTED ?? ''))

  test.each((WANTED === undefined ? few : named).map((mutant) => [mutant.name, mutant] as const))(
    'one that %s',
    async (_name, mutant) => {
      const { compiler, found, output } = await runMutant(mutant)
      expect(compiler).toBe('')
      const wanted = found.filter((type) => (mutant.findings as readonly string[]).includes(type))
      if (wanted.length === 0)
        throw new Error(`Nothing of ${mutant.findings.join(', ')} was found:\n${output}`)
    },
    LIMIT_MS,
  )
})

const SHRINKING = ['clears no session', 'MySQL: keeps prepared statements by their text alone']
const CANDIDATE = /^ {2}(\d+) kinds, (\d+) requests/m
const SMALLEST = /^Smallest: .* --requests (\d+) --kinds "(.*)"$/m

// Only when mutants are asked for: each candidate is a round of its own.
const describeWanted = WANTED === undefined ? describe.skip : describe
describeWanted('a round that finds a bug is shrunk', () => {
  const chosen = MUTANTS.filter(({ name }) => SHRINKING.includes(name))

  test.each(chosen.map((mutant) => [mutant.name, mutant] as const))(
    'of a source that %s',
    async (name, mutant) => {
      const engine = name.startsWith('MySQL') ? 'mysql' : 'postgres-18'
      const args = [
        '--engine',
        engine,
        '--hygiene',
        'auto',
        '--seed',
        '1',
        '--ops',
        '400',
        '--requests',
        '400',
      ]
      const output = await tortureMutant(mutant, args)
      expect(output).toContain('exit code 1')
      const [, requests, kinds] = SMALLEST.exec(output) ?? []
      const [, firstKinds] = CANDIDATE.exec(output) ?? []
      expect(kinds!.split(',').length).toBeLessThan(Number(firstKinds))
      expect(Number(requests)).toBeLessThanOrEqual(400)
    },
    LIMIT_MS,
  )
})
