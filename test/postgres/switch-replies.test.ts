import { SwitchReplies } from '../../src/postgres/switch-replies'

const error = { code: '22012', severity: 'ERROR', message: 'division by zero' }

test("a joined switch: its two answers are swallowed, then everything is the user's", () => {
  const replies = new SwitchReplies({ simple: 0, executes: 2, ownSync: false })
  expect(replies.onDetail()).toBe('swallow')
  expect(replies.onCommandComplete()).toBe('swallow')
  expect(replies.onDetail()).toBe('swallow')
  expect(replies.onCommandComplete()).toBe('switched')
  expect(replies.done).toBe(true)
  expect([
    replies.onDetail(),
    replies.onCommandComplete(),
    replies.onReadyForQuery(),
    replies.onError(error),
  ]).toEqual(['pass', 'pass', 'pass', 'pass'])
})

test("a joined switch that fails is the answer to the user's query", () => {
  const replies = new SwitchReplies({ simple: 0, executes: 2, ownSync: false })
  expect(replies.onCommandComplete()).toBe('swallow')
  expect(replies.onError(error)).toBe('refused')
  expect(replies.onReadyForQuery()).toBe('pass')
})

test('a switch with its own Sync ends at its own ReadyForQuery', () => {
  const replies = new SwitchReplies({ simple: 0, executes: 1, ownSync: true })
  expect(replies.onCommandComplete()).toBe('switched')
  expect(replies.done).toBe(false)
  expect(replies.onReadyForQuery()).toBe('settled')
  expect(replies.onReadyForQuery()).toBe('pass')
  expect(replies.failure).toBeUndefined()
})

test('a failed switch with its own Sync keeps the failure for the end', () => {
  const replies = new SwitchReplies({ simple: 0, executes: 2, ownSync: true })
  expect(replies.onError(error)).toBe('swallow')
  expect(replies.onReadyForQuery()).toBe('settled')
  expect(replies.failure).toBe(error)
})

test('what clears the session in front is swallowed with its own ReadyForQuery', () => {
  const replies = new SwitchReplies({ simple: 2, executes: 1, ownSync: false })
  expect([replies.onCommandComplete(), replies.onReadyForQuery()]).toEqual(['swallow', 'swallow'])
  expect([replies.onDetail(), replies.onCommandComplete(), replies.onReadyForQuery()]).toEqual([
    'swallow',
    'swallow',
    'swallow',
  ])
  expect(replies.onCommandComplete()).toBe('switched')
  expect(replies.onReadyForQuery()).toBe('pass')
})

test('a session that could not be cleared is broken', () => {
  const replies = new SwitchReplies({ simple: 1, executes: 1, ownSync: false })
  expect(replies.onError(error)).toBe('swallow')
  expect(replies.onReadyForQuery()).toBe('broken')
})

test("a fatal error is the user's to see, at any point", () => {
  for (const ownSync of [true, false]) {
    const replies = new SwitchReplies({ simple: 1, executes: 1, ownSync })
    expect(replies.onError({ ...error, severity: 'FATAL' })).toBe('pass')
  }
})
