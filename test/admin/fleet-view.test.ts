import { FleetMemory, keptMs } from '../../src/admin/fleet-memory'
import { search, viewOf } from '../../src/admin/fleet-view'
import type { Search } from '../../src/admin/fleet-view'
import { Pace } from '../../src/admin/pace'
import { bytesText, countText, secondsText, timeHtml } from '../../src/admin/pages/format'
import { matrix } from '../../src/admin/pages/matrix'
import type { FleetGroup, FleetStatus } from '../../src/fleet/status-fleet'
import { decode } from './support/admin-town'

const [A, B, C] = ['20200101000000_a', '20200102000000_b', '20200103000000_c'] as const

function group(tenants: readonly string[], more: Partial<FleetGroup> = {}): FleetGroup {
  const clean = { pending: [], missing: [], renamed: [], changed: [] }
  return { tenants, isAtHead: false, version: 20200103000000, ...clean, ...more }
}

function status(groups: readonly FleetGroup[], more: Partial<FleetStatus> = {}): FleetStatus {
  const tenants = groups.reduce((sum, one) => sum + one.tenants.length, 0)
  return {
    ...{ tenants, atHead: 0, migrations: [A, B, C], groups },
    ...{ creating: [], suspended: [], problems: [], ...more },
  }
}

const view = (...given: Parameters<typeof status>): ReturnType<typeof viewOf> =>
  viewOf(status(...given), new Date(), 1)
const wanted = (more: Partial<Search>): Search => ({
  ...{ text: '', standing: undefined, group: undefined, page: 1, ...more },
})

describe('the list of tenants', () => {
  const problems = [{ tenant: 'p', error: new Error('odd') }]
  const all = view([group(['b', 'a'], { isAtHead: true }), group(['C'], { pending: [C] })], {
    ...{ creating: ['d'], suspended: ['a'], problems },
  })
  const ids = (more: Partial<Search>): string[] =>
    search(all, wanted(more)).tenants.map(({ id, standing }) => `${id} ${standing}`)

  test('has all of them by id, with how they stand', () => {
    expect(ids({})).toEqual(['C active', 'a suspended', 'b active', 'd creating', 'p problem'])
  })

  test('is searched by a part of the id, by state, and by group', () => {
    expect(ids({ text: 'c' })).toEqual(['C active'])
    expect(ids({ text: '%' })).toEqual([])
    expect(ids({ standing: 'problem' })).toEqual(['p problem'])
    expect(ids({ group: all.groups[0]!.key })).toEqual(['a suspended', 'b active'])
    expect(ids({ group: all.groups[0]!.key, standing: 'active', text: 'A' })).toEqual([])
  })

  test('keeps the name of a group while tenants come and go, and no other has it', () => {
    const later = view([group(['b', 'x', 'y'], { isAtHead: true }), group(['C'], { pending: [B] })])
    expect(later.groups[0]!.key).toBe(all.groups[0]!.key)
    expect(later.groups[1]!.key).not.toBe(all.groups[1]!.key)
  })
})

describe('what is remembered of a fleet', () => {
  test('is asked for once for all who want to know, and again after a change or a failure', async () => {
    let asked = 0
    let fail = false
    const memory = new FleetMemory(async () => {
      asked += 1
      await new Promise((resolve) => setImmediate(resolve))
      if (fail) throw new Error('away')
      return status([group([`t${asked}`])])
    })
    const [one, other] = await Promise.all([memory.look(), memory.look()])
    expect(one).toBe(other)
    expect(await memory.look()).toBe(one)
    expect(asked).toBe(1)
    memory.forget()
    fail = true
    await expect(memory.look()).rejects.toThrow('away')
    fail = false
    expect((await memory.look()).tenants[0]!.id).toBe('t3')
  })

  test('is kept for longer the longer it took', () => {
    expect([0, 900, 4000].map((ms) => keptMs({ ms }))).toEqual([10_000, 10_000, 40_000])
  })

  test('a survey that began before a change is not kept, and not waited for', async () => {
    const ends: ((value: FleetStatus) => void)[] = []
    const memory = new FleetMemory(() => new Promise((resolve) => ends.push(resolve)))
    const before = memory.look()
    memory.forget()
    const after = memory.look()
    ends[1]!(status([group(['new'])]))
    expect((await after).tenants[0]!.id).toBe('new')
    ends[0]!(status([group(['old'])]))
    expect((await before).tenants[0]!.id).toBe('old')
    expect((await memory.look()).tenants[0]!.id).toBe('new')
    expect(ends).toHaveLength(2)
  })

  test('a survey from before a change ends, and the one that is on is still the one for all', async () => {
    const ends: ((status: FleetStatus) => void)[] = []
    const memory = new FleetMemory(() => new Promise((resolve) => ends.push(resolve)))
    const before = memory.look()
    memory.forget()
    const after = memory.look()
    ends[0]!(status([group(['old'])]))
    await before
    const later = memory.look()
    expect(ends).toHaveLength(2)
    ends[1]!(status([group(['new'])]))
    expect((await Promise.all([after, later])).map(({ tenants }) => tenants[0]!.id)).toEqual(['new', 'new'])
  })
})

describe('the matrix', () => {
  const words = (given: ReturnType<typeof view>): string =>
    decode(
      matrix('', given)
        .toString()
        .replace(/<[^>]*>/g, ' '),
    ).replace(/\s+/g, ' ')

  test('says of each group what it lacks, the newest migration first', () => {
    const unfinished = { name: B, direction: 'up', statement: 2, error: undefined } as const
    const text = words(
      view([
        group(['a'], { isAtHead: true }),
        group(['b'], { pending: [B, C], unfinished }),
        group(['c'], { missing: ['20200104000000_gone'], changed: [A], renamed: [C] }),
      ]),
    )
    expect(text).toContain('1 tenant at head')
    expect(text).toContain('1 tenant unfinished at statement 2, 2 pending')
    expect(text).toContain('1 tenant 1 without file, 1 renamed, 1 changed')
    expect(text).toMatch(/20200104000000_gone not there not there \? applied, file missing 20200103000000_c/)
    expect(text).toContain(`${C} ✓ applied ○ pending ≠ applied under another name`)
    expect(text).toContain(`${B} ✓ applied ! unfinished ✓ applied`)
    expect(text).toContain(`${A} ✓ applied ✓ applied ≠ applied, file changed`)
  })

  test('long ago is one line, and so are many groups', () => {
    const migrations = Array.from({ length: 40 }, (_, index) => String(20200101000000 + index))
    const text = words(view([group(['a'], { isAtHead: true })], { migrations }))
    expect(text).toContain('37 older migrations ✓ applied')
    const groups = Array.from({ length: 11 }, (_, index) =>
      group([`t${index}`], { pending: [migrations[index]!] }),
    )
    expect(words(view(groups, { migrations }))).toContain('3 more groups, each smaller than these.')
  })
})

test('numbers, sizes and times as people read them', () => {
  expect([0, 512, 1023, 1024, 10_240, 5_000_000, 2 ** 40].map(bytesText)).toEqual([
    '0 B',
    '512 B',
    '1023 B',
    '1.0 KiB',
    '10 KiB',
    '4.8 MiB',
    '1.0 TiB',
  ])
  expect([0, 59.4, 125, 7260].map(secondsText)).toEqual(['0 s', '59 s', '2 min 5 s', '2 h 1 min'])
  expect([countText(1, 'tenant'), countText(4000, 'tenant')]).toEqual(['1 tenant', '4,000 tenants'])
  expect(timeHtml(new Date('2026-11-24T10:15:30Z')).toString()).toContain('>2026-11-24 10:15</time>')
})

test('a pace is of the last ones, and goes down while nothing ends', () => {
  let now = 0
  const pace = new Pace(() => now)
  expect(pace.rate).toBeUndefined()
  pace.tick()
  expect(pace.rate).toBeUndefined()
  for (let count = 0; count < 500; count += 1) {
    now += 100
    pace.tick()
  }
  expect(pace.rate).toBeCloseTo(10)
  for (let count = 0; count < 300; count += 1) {
    now += 1000
    pace.tick()
  }
  expect(pace.rate).toBeCloseTo(1)
  now += 1_000_000
  expect(pace.rate).toBeLessThan(0.2)
})
