import { SERVERS } from '../support/servers'
import { stress } from './support/harness'
import type { StressOptions } from './support/harness'
import type { Kind } from './support/kind'
import { KINDS } from './support/kinds'
import { naiveSubject, RECIPES } from './support/naive-pools'
import { IS_LONG, SEED } from './support/settings'
import { Town } from './support/town'

const MAX_ROUNDS = 15
const OPTIONS: Omit<StressOptions, 'kinds'> = {
  seed: SEED,
  rounds: MAX_ROUNDS,
  strikes: 6,
  limitMs: 10_000,
  untilFound: ['foreign row', 'foreign write'],
}

const MIXES: Record<string, (kind: Kind) => boolean> = {
  'all kinds of requests': () => true,
  'harmless requests': (kind) => kind.isMild === true,
  'requests that await promises': (kind) => kind.style === 'promise',
}
const CASES = [
  ['reads the store late', 'all kinds of requests'],
  ['reads the store late', 'harmless requests'],
  ['believes its path', 'all kinds of requests'],
  ['believes its path', 'requests that await promises'],
] as const satisfies readonly (readonly [keyof typeof RECIPES, string])[]

// The control of isolation.test.ts: what finds nothing there finds rows and writes of other tenants here.
describe.each(SERVERS)(`on $name, seed ${SEED}`, (server) => {
  // The older server has no mixes of its own but in the long run.
  const cases =
    IS_LONG || server.version >= 18 ? CASES : CASES.filter(([, mix]) => mix === 'all kinds of requests')
  test.each(cases)(
    'a pool that %s shows rows of other tenants and writes into their tables, with %s',
    async (name, mix) => {
      const town = new Town(server, `${name} ${mix} ${server.version}`)
      try {
        await town.build()
        const kinds = KINDS.filter((kind) => !kind.blocksPlainPool && MIXES[mix]!(kind))
        const report = await stress(naiveSubject(town, name), town, { ...OPTIONS, kinds })
        const found = new Set(report.findings.map(({ type }) => type))
        expect([...found]).toEqual(expect.arrayContaining(['foreign row', 'foreign write']))
      } finally {
        await town.clear()
      }
    },
    MAX_ROUNDS * 10_000,
  )
})
