import { SessionStatus } from '../../src/mysql/session-status'
import { AUTOCOMMIT, IN_TRANSACTION } from '../../src/mysql/wire'

test('a transaction is open from the answer that says so to the one that does not', () => {
  const status = new SessionStatus(AUTOCOMMIT)
  expect(status.isInTransaction).toBe(false)
  status.onStatus(AUTOCOMMIT | IN_TRANSACTION)
  expect(status.isInTransaction).toBe(true)
  status.onStatus(AUTOCOMMIT)
  expect(status.isInTransaction).toBe(false)
})

test('autocommit that was switched off counts as one, and a server that has it off does not', () => {
  const [usual, unusual] = [new SessionStatus(AUTOCOMMIT), new SessionStatus(0)]
  usual.onStatus(0)
  unusual.onStatus(0)
  expect([usual.isInTransaction, unusual.isInTransaction]).toEqual([true, false])
})

test('a block that failed leaves it uncertain until the next answer, or a reset', () => {
  const status = new SessionStatus()
  expect(status.isUncertain).toBe(false)
  for (const settle of [() => status.onStatus(AUTOCOMMIT), () => status.onReset()]) {
    status.onFailedBlock()
    expect(status.isUncertain).toBe(true)
    settle()
    expect([status.isUncertain, status.isInTransaction]).toEqual([false, false])
  }
})
