import { MigrationFailedError, MigrationLockedError } from '../../src/errors'
import { isTransient, waitBefore } from '../../src/migrations/transient'

describe('what may be gone at the next try', () => {
  const failed = (cause: unknown): Error =>
    new MigrationFailedError('failed', { migration: 'm', versions: [], cause })

  test.each([
    new MigrationLockedError('locked'),
    { code: '40P01' },
    { code: '08006' },
    { code: 'ECONNREFUSED' },
    { code: 'ER_LOCK_DEADLOCK' },
    new Error('Connection terminated unexpectedly'),
    failed({ code: '57P01' }),
    failed(failed({ code: '53200' })),
  ])('%#', (error) => expect(isTransient(error)).toBe(true))

  test.each([
    undefined,
    null,
    'text',
    {},
    { code: 7 },
    { code: '23505' },
    new Error('boom'),
    failed({ code: '42P01' }),
  ])('not %#', (error) => expect(isTransient(error)).toBe(false))

  test('the wait doubles, is never the same for two, and has an end', () => {
    expect(waitBefore(1, () => 0.5)).toBe(50)
    expect(waitBefore(2, () => 0.5)).toBe(100)
    expect(waitBefore(2, () => 0)).toBe(50)
    expect(waitBefore(30, () => 0.5)).toBe(5000)
  })
})
