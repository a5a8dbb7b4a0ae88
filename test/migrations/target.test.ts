import fc from 'fast-check'
import type { MigrationFile } from '../../src/engine'
import { missingFiles, planSteps, renamedFiles } from '../../src/migrations/target'
import type { Target } from '../../src/migrations/target'

const V = [20200101000000, 20200102000000, 20200103000000, 20200104000000, 20200105000000] as const
const files = V.map((version): MigrationFile => ({
  version,
  name: `${version}_m`,
  path: `/m/${version}_m.sql`,
}))
const names = files.map(({ name }) => name)

const up = (applied: readonly string[], target?: Target, allowOutOfOrder?: boolean): number[] =>
  planSteps({ direction: 'up', files, applied, allowOutOfOrder }, target).map(({ file }) => file.version)
const down = (applied: readonly string[], target?: Target, from = files): number[] =>
  planSteps({ direction: 'down', files: from, applied }, target).map(({ file }) => file.version)

const refused = { code: 'ROWHOUSE_MIGRATION_TARGET' }

describe('up', () => {
  test('runs all that is pending, oldest first', () => {
    expect(up([])).toEqual([...V])
    expect(up(names.slice(0, 3), { all: true })).toEqual([V[3], V[4]])
    expect(up(names)).toEqual([])
  })

  test('to a version includes it', () => {
    expect(up([], { to: V[1] })).toEqual([V[0], V[1]])
    expect(up(names.slice(0, 2), { to: V[1] })).toEqual([])
  })

  test.each([V[1], BigInt(V[1]), String(V[1])])('a version may be given as %p', (to) => {
    expect(up([], { to })).toEqual([V[0], V[1]])
  })

  test('by steps runs so many', () => expect(up([names[0]!], { steps: 2 })).toEqual([V[1], V[2]]))

  test('a file older than an applied one is refused, and runs if that is allowed', () => {
    expect(() => up([names[0]!, names[2]!])).toThrow(expect.objectContaining(refused))
    expect(up([names[0]!, names[2]!], {}, true)).toEqual([V[1], V[3], V[4]])
  })

  test('a file whose version is applied under another name is refused: it would run a second time', () => {
    const applied = [names[0]!, `${V[1]}_before`]
    expect(() => up(applied)).toThrow(/20200102000000_m.*20200102000000_before/)
    expect(() => up(applied, {}, true)).toThrow(expect.objectContaining(refused))
    expect(renamedFiles({ files, applied })).toEqual([names[1]])
    expect(renamedFiles({ files, applied: names })).toEqual([])
  })

  test('a late file does not stand in the way where it is not to be run', () => {
    expect(up([names[1]!, names[2]!, names[0]!], { to: V[3] })).toEqual([V[3]])
  })
})

describe('down', () => {
  test('without a target reverts one step', () => expect(down(names)).toEqual([V[4]]))

  test('to a version reverts that one, too', () =>
    expect(down(names, { to: V[2] })).toEqual([V[4], V[3], V[2]]))

  test('all reverts everything, newest first', () =>
    expect(down(names, { all: true })).toEqual([...V].reverse()))

  test('by steps reverts so many', () => expect(down(names, { steps: 2 })).toEqual([V[4], V[3]]))

  test('goes by version, also where they ran in another order', () => {
    expect(down([names[0]!, names[2]!, names[1]!], { to: V[1] })).toEqual([V[2], V[1]])
  })

  test('nothing applied is nothing to do', () => expect(down([], { all: true })).toEqual([]))

  test('an applied migration whose file is gone is refused, not skipped', () => {
    const without = files.filter(({ version }) => version !== V[3])
    expect(() => down(names, { to: V[2] }, without)).toThrow(/20200104000000_m.*file is gone/)
    expect(down(names, { steps: 1 }, without)).toEqual([V[4]])
  })
})

const mistakes: [object, string][] = [
  [{ to: 20200101000001 }, 'a version that no file has'],
  [{ to: 'x' }, 'what is no version'],
  [{ steps: 0 }, 'no steps'],
  [{ steps: 1.5 }, 'half a step'],
  [{ steps: -1 }, 'negative steps'],
  [{ all: false }, 'all: false'],
  [{ to: V[1], steps: 1 }, 'two targets at once'],
]

test.each(mistakes)('refused in both directions: %p (%s)', (target) => {
  expect(() => up([], target as Target)).toThrow(expect.objectContaining(refused))
  expect(() => down(names, target as Target)).toThrow(expect.objectContaining(refused))
})

test('missing files are told', () => {
  expect(missingFiles({ files: files.slice(1), applied: names })).toEqual([names[0]])
})

test('up to a version and down to the same one gives what was there', () => {
  const prefix = fc.integer({ min: 0, max: V.length - 1 })
  fc.assert(
    fc.property(prefix, prefix, (done, at) => {
      const before = names.slice(0, done)
      const to = V[at]!
      const forth = up(before, { to })
      const after = [...before, ...forth.map((version) => `${version}_m`)]
      const back = forth.length === 0 ? [] : down(after, { to: forth[0]! })
      expect(back).toEqual([...forth].reverse())
    }),
  )
})

test('every way up runs each migration once, in order, and skips nothing on its way', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 8 }), (strides) => {
      const applied: string[] = []
      for (const steps of strides) applied.push(...up(applied, { steps }).map((version) => `${version}_m`))
      expect(applied).toEqual(names.slice(0, applied.length))
    }),
  )
})
