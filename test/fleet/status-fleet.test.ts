import { linesOf } from '../../src/cli/commands/status'
import { paintFor } from '../../src/cli/paint'
import { stateOf } from '../../src/fleet/status-fleet'
import type { FleetGroup, FleetStatus } from '../../src/fleet/status-fleet'

const PLAIN = paintFor(false)

const FILES = ['20200101000000_a', '20200102000000_b', '20200103000000_c'].map((name) => ({
  ...{ name, path: `/${name}.sql`, version: Number(name.slice(0, 14)) },
}))
const [A, B, C] = FILES.map(({ name }) => name) as [string, string, string]

function state(applied: readonly string[], more: object = {}, now?: ReadonlyMap<string, string>): unknown {
  return stateOf({ state: 'x', applied, ...more }, FILES, now)
}

describe('what books mean beside the files', () => {
  const CLEAN = { pending: [], missing: [], renamed: [], changed: [] }

  test('all applied is at head, in whatever order', () => {
    const head = { isAtHead: true, version: 20200103000000, ...CLEAN }
    expect(state([A, B, C])).toEqual(head)
    expect(state([A, C, B])).toEqual(head)
  })

  test('what lacks is pending, and nothing applied has no version', () => {
    expect(state([A, C])).toEqual({ isAtHead: false, version: 20200103000000, ...CLEAN, pending: [B] })
    expect(state([])).toEqual({ isAtHead: false, version: undefined, ...CLEAN, pending: [A, B, C] })
  })

  test('a file that is gone is missing; one of another name is renamed, and not pending', () => {
    expect(state([A, B, C, '20200104000000_d'])).toMatchObject({
      ...{ isAtHead: false, missing: ['20200104000000_d'], pending: [], renamed: [] },
    })
    expect(state([A, '20200102000000_old', C])).toMatchObject({
      ...{ isAtHead: false, missing: ['20200102000000_old'], pending: [], renamed: [B] },
    })
  })

  test('a checksum that is another one now is changed; without a file it is missing alone', () => {
    const checksums = new Map([
      [A, '1'],
      [B, '2'],
      ['20190101000000_gone', '3'],
    ])
    const now = new Map([
      [A, '1'],
      [B, 'other'],
      [C, '4'],
    ])
    expect(state([A, B, C], { checksums }, now)).toMatchObject({ isAtHead: false, changed: [B] })
    expect(state([A, B, C], { checksums }, undefined)).toMatchObject({ isAtHead: true, changed: [] })
  })

  test('an unfinished migration is not at head', () => {
    const unfinished = { name: C, direction: 'up', statement: 2, error: undefined }
    expect(state([A, B, C], { unfinished })).toMatchObject({ isAtHead: false, unfinished })
  })
})

describe('a fleet in lines', () => {
  const group = (tenants: readonly string[], more: Partial<FleetGroup> = {}): FleetGroup => ({
    ...{ tenants, isAtHead: false, version: 20200102000000 },
    ...{ pending: [], missing: [], renamed: [], changed: [], ...more },
  })
  const fleet = (groups: readonly FleetGroup[], more: Partial<FleetStatus> = {}): FleetStatus => ({
    ...{
      tenants: 4000,
      atHead: 0,
      migrations: [],
      groups,
      creating: [],
      suspended: [],
      problems: [],
      ...more,
    },
  })
  const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `t${index}`)

  test('those at head are counted, the others named; long lists are cut', () => {
    const groups = [
      group(ids(3998), { isAtHead: true }),
      group(['acme', 'zeta'], { pending: [C], missing: ['gone'] }),
      group(ids(7), { pending: [B, C], version: undefined }),
    ]
    expect(linesOf(fleet(groups, { creating: ['half'] }), {}, PLAIN)).toEqual([
      '3,998 at head (20200102000000)',
      '2 at 20200102000000, 1 behind, file missing of gone: acme, zeta',
      '7 at no version, 2 behind: t0, t1, t2, t3, t4 and 2 more',
      '1 half made: half',
      '4,000 tenants',
    ])
  })

  test('verbose names all', () => {
    const groups = [group(ids(7), { isAtHead: true }), group(ids(7), { renamed: [B], changed: [A] })]
    const problems = [{ tenant: 'x', error: new Error('odd') }]
    expect(linesOf(fleet(groups, { problems }), { verbose: true }, PLAIN)).toEqual([
      '7 at head (20200102000000): t0, t1, t2, t3, t4, t5, t6',
      `7 at 20200102000000, renamed ${B}, changed since ${A}: t0, t1, t2, t3, t4, t5, t6`,
      "4,000 tenants, 1 that can't be read",
    ])
  })
})
