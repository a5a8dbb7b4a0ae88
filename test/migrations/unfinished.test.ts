import type { Direction, MigrationFile } from '../../src/engine'
import { planFrom } from '../../src/migrations/unfinished'

const files: MigrationFile[] = [1, 2, 3, 4].map((day) => ({
  name: `2020010${day}000000_t`,
  version: Number(`2020010${day}000000`),
  path: `/x/2020010${day}000000_t.sql`,
}))
const NAMES = files.map(({ name }) => name)
const V = files.map(({ version }) => version)

function plan(
  direction: Direction,
  applied: number,
  at: number | undefined,
  target = {},
  from = direction,
): number[] {
  const unfinished =
    at === undefined ? undefined : { name: NAMES[at]!, direction: from, statement: 2, error: undefined }
  const steps = planFrom({ direction, files, applied: NAMES.slice(0, applied), unfinished }, target)
  expect(steps.every((step) => step.direction === direction)).toBe(true)
  return steps.map(({ file }) => file.version)
}

test.each([
  ['nothing unfinished', 'up', 1, undefined, {}, [1, 2, 3]],
  ['it comes first, and the rest behind it', 'up', 1, 1, {}, [1, 2, 3]],
  ['it is one of the steps', 'up', 1, 1, { steps: 1 }, [1]],
  ['it is one of the steps, of several', 'up', 1, 1, { steps: 2 }, [1, 2]],
  ['up to a version', 'up', 1, 1, { to: V[2] }, [1, 2]],
  ['up to itself', 'up', 1, 1, { to: V[1] }, [1]],
  ['back, it is the one step', 'down', 2, 2, {}, [2]],
  ['back, one of two', 'down', 2, 2, { steps: 2 }, [2, 1]],
  ['back to a version', 'down', 2, 2, { to: V[1] }, [2, 1]],
  ['all the way back', 'down', 2, 2, { all: true }, [2, 1, 0]],
] as const)('%s', (_title, direction, applied, at, target, expected) => {
  expect(plan(direction, applied, at, target)).toEqual(expected.map((index) => V[index]))
})

test.each([
  ['the other direction', () => plan('down', 1, 1, {}, 'up'), /end it first \(migrate\)/],
  ['the other direction, up', () => plan('up', 1, 1, {}, 'down'), /end it first \(rollback\)/],
  ['a target before it', () => plan('up', 1, 2, { to: V[1] }), /beyond the target/],
  ['a target behind it on the way down', () => plan('down', 2, 2, { to: V[3] }), /beyond the target/],
  [
    'a file that is gone',
    () =>
      planFrom({
        direction: 'up',
        files,
        applied: [],
        unfinished: { name: 'gone', direction: 'up', statement: 1, error: 'x' },
      }),
    /failed \(x\).*Bring it back/,
  ],
])('refused: %s', (_title, call, message) => {
  expect(call).toThrow(
    expect.objectContaining({
      code: 'ROWHOUSE_MIGRATION_UNFINISHED',
      message: expect.stringMatching(message),
    }),
  )
})
