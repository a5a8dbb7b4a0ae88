import { drawBlows } from './support/blows'
import { parseArguments } from './support/arguments'
import type { StormFailure } from './support/storm'
import { expectedOf, judge, judgeReport, judgeStorm } from './support/judge'
import { leaving, NO_TRACES } from './support/release'

const ONE = { file: '20260101000000_one.sql', text: '', leaves: leaving(['one'], 1, ['a.b']) }
const TWO = { file: '20260102000000_two.ts', text: '', leaves: leaving(['two'], 1) }
const EXPECTED = expectedOf([ONE, TWO])
const FOUND = { ...EXPECTED, leftovers: [] }

describe('a tenant at rest', () => {
  test('that got each migration once is as it must be', () => {
    expect(judge('acme', FOUND, EXPECTED)).toEqual([])
  })

  test.each([
    ['a migration that ran twice', { trace: ['one', 'two', 'two'] }, 'acme: trace: two 2 times, not 1'],
    ['one that is in the books twice', { applied: [...EXPECTED.applied, '20260101000000_one'] }, 'applied'],
    ['one that is in the books alone', { trace: ['one'] }, 'acme: trace: two 0 times, not 1'],
    ['one that did all but its books', { applied: ['20260101000000_one'] }, 'applied'],
    ['an UPDATE that ran twice', { counter: 3 }, 'acme: counter is 3, not 2'],
    ['a column that nobody knows', { objects: ['a.b', 'a.c'] }, 'acme: objects: a.c 1 times, not 0'],
    ['an index that is not valid', { leftovers: ['INVALID index i'] }, 'acme: left behind: INVALID index i'],
  ])('with %s is found', (_what, change, told) => {
    const findings = judge('acme', { ...FOUND, ...change }, EXPECTED)
    expect(findings).toHaveLength(1)
    expect(findings[0]).toContain(told)
  })

  test('that has a part of the migration that failed is as it must be where that is so', () => {
    const expected = expectedOf([ONE], leaving(['half']))
    expect(judge('acme', { ...FOUND, ...expected }, expected)).toEqual([])
    expect(judge('acme', { ...FOUND, ...expected }, expectedOf([ONE], NO_TRACES))).toHaveLength(1)
  })
})

describe('what is told of a tenant that fails', () => {
  const wanted = { migration: 'm', statement: 2, line: 3 }
  const told = { ...wanted, tenant: 'acme', message: 'check constraint "price_not_negative"' }

  test('is its migration, statement, line and error', () => {
    expect(judgeReport('acme', [told], wanted)).toEqual([])
    expect(judgeReport('acme', [{ ...told, line: 4 }], wanted)).toHaveLength(1)
    expect(judgeReport('acme', [{ ...told, message: 'failed' }], wanted)).toHaveLength(1)
    expect(judgeReport('acme', [], wanted)).toEqual(['acme: reported 0 times'])
  })

  test('in a storm is no excuse before all tries, but for what is in doubt and for what has bad data', () => {
    const failure: StormFailure = { tenant: 'acme', message: 'lost', tries: 3 }
    expect(judgeStorm([failure], new Set())).toEqual(['acme was given up after 3 tries: lost'])
    expect(judgeStorm([failure], new Set(['acme']))).toEqual([])
    expect(judgeStorm([{ ...failure, tries: 7 }], new Set())).toEqual([])
    expect(judgeStorm([{ ...failure, code: 'ROWHOUSE_MIGRATION_UNFINISHED' }], new Set())).toEqual([])
  })
})

test('a seed draws the same blows again, each kind among them', () => {
  const blows = drawBlows(7, 24)
  expect(drawBlows(7, 24)).toEqual(blows)
  expect(drawBlows(8, 24)).not.toEqual(blows)
  for (const tenants of [16, 24, 200])
    expect(new Set(drawBlows(3, tenants).map(({ kind }) => kind)).size).toBe(4)
})

test('the command line takes an engine, a seed, tenants and rounds', () => {
  expect(parseArguments([], 5)).toEqual({
    engines: ['postgres', 'mysql'],
    seed: 5,
    tenants: 200,
    rounds: 1,
    isVerbose: false,
  })
  expect(parseArguments(['--engine', 'mysql', '--seed', '0', '--tenants', '16'], 5)).toMatchObject({
    engines: ['mysql'],
    seed: 0,
    tenants: 16,
  })
})
