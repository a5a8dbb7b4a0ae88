import { commandOf, parseArguments } from './support/arguments'
import { ENGINES } from './support/rig'

const parse = (...args: string[]) => parseArguments(args, 99)

/** Commander tells of its errors on standard error, too. */
function silence(): void {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true)
}
afterEach(() => jest.restoreAllMocks())

test('does 2,000 requests over every engine on each level, from a fresh seed', () => {
  const { engines, hygienes, ...rest } = parse()
  expect(engines).toEqual([...ENGINES])
  expect(hygienes).toEqual(['fast', 'auto', 'strict'])
  expect(rest).toEqual({
    seed: 99,
    ops: 2000,
    minutes: Infinity,
    requests: 96,
    kinds: undefined,
    shrinks: true,
  })
})

test('takes every option', () => {
  const text =
    '--seed 7 --ops 1000000 --engine mysql --hygiene strict --minutes 2.5 --requests 25 --no-shrink'
  expect(parse(...text.split(' '), '--kinds', 'read, left open')).toEqual({
    seed: 7,
    ops: 1_000_000,
    engines: ['mysql'],
    hygienes: ['strict'],
    minutes: 2.5,
    requests: 25,
    kinds: ['read', 'left open'],
    shrinks: false,
  })
})

test('a round has 1,000 requests at most, however many there are to be', () => {
  expect(parse('--ops', '1000000').requests).toBe(1000)
  expect(parse('--ops', '10', '--engine', 'mysql', '--hygiene', 'auto').requests).toBe(10)
})

test.each([
  ['--seed', '-1'],
  ['--seed', '1.5'],
  ['--ops', '0'],
  ['--ops', 'many'],
  ['--minutes', '0'],
  ['--engine', 'oracle'],
  ['--hygiene', 'none'],
  ['--kinds', 'read,,write'],
  ['--kind', 'read'],
])('refuses %s %s', (option, value) => {
  silence()
  expect(() => parse(option, value)).toThrow()
})

test('the command of a round is read as that round again', () => {
  const plan = { seed: 12, requests: 25, kinds: ['read', 'left open'] }
  const command = commandOf({ engine: 'slonik', hygiene: 'fast' }, plan)
  expect(command).toBe(
    'npm run torture -- --engine slonik --hygiene fast --seed 12 --ops 25 --requests 25 --kinds "read,left open"',
  )
  const [, before, kinds] = /-- (.*) --kinds "(.*)"/.exec(command)!
  expect(parse(...before!.split(' '), '--kinds', kinds!)).toMatchObject({
    ...plan,
    ops: 25,
    engines: ['slonik'],
    hygienes: ['fast'],
  })
})
