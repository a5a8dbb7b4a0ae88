import { Query } from 'pg'
import { LocalModeError } from '../../src/errors'
import { classOf } from '../../src/postgres/query-class'
import type { Submittable } from '../../src/postgres/driver'
import { localWay, sessionWay } from '../../src/postgres/switch-mode'
import type { Way } from '../../src/postgres/switch-mode'

type QueryArguments =
  string | { text: string; values?: unknown[]; name?: string; rows?: number; queryMode?: string }

const queryOf = (config: QueryArguments): Submittable => new Query(config as never) as unknown as Submittable

function wayOf(
  config: QueryArguments | Submittable,
  status: 'I' | 'T' | 'E',
  readsText = true,
): Way | 'refused' {
  const query = typeof config === 'object' && 'submit' in config ? config : queryOf(config)
  const way = localWay({ query, statement: classOf(query), status, readsText, tenant: 'a' })
  return way instanceof LocalModeError ? 'refused' : way
}

const DDL = 'create table t (id int)'
const CURSOR: Submittable = { text: 'select 1', submit: () => {}, handleError: () => {} }
/** How a query goes out: outside of a transaction, and in one. */
const WAYS: readonly (readonly [string, QueryArguments | Submittable, Way | 'refused', Way | 'refused'])[] = [
  ['a read', 'select 1', 'joined', 'joined'],
  ['a write with values', { text: 'insert into t values ($1)', values: [1] }, 'joined', 'joined'],
  ['BEGIN', 'begin', 'awaited', 'none'],
  ['COMMIT', 'commit', 'none', 'joined'],
  ['ROLLBACK', 'rollback', 'none', 'none'],
  ['SAVEPOINT', 'savepoint a', 'none', 'none'],
  ['SET TRANSACTION', 'set transaction read only', 'none', 'none'],
  ['SET CONSTRAINTS', 'set constraints a deferred', 'none', 'joined'],
  ['DDL', DDL, 'prefixed', 'prefixed'],
  ['DDL by the extended protocol', { text: DDL, queryMode: 'extended' }, 'joined', 'awaited'],
  ['two statements', 'select 1; select 2', 'prefixed', 'prefixed'],
  ['a text without a statement', ' -- nothing', 'prefixed', 'prefixed'],
  ['CALL', 'call p()', 'prefixed', 'prefixed'],
  ['CALL with values', { text: 'call p($1)', values: [1] }, 'refused', 'awaited'],
  ['SET', 'set a.b = 1', 'refused', 'refused'],
  ['a cursor', CURSOR, 'refused', 'awaited'],
  ['the option `rows`', { text: 'select 1', rows: 1 }, 'refused', 'awaited'],
]

test.each(WAYS)('%s, where nothing outlives its transaction', (_what, config, outside, inside) => {
  expect([wayOf(config, 'I'), wayOf(config, 'T')]).toEqual([outside, inside])
})

test.each(['commit', 'rollback;;', ' ', 'select 1', 'create table t (id int)'])(
  'in a failed transaction nothing is in front of %j: it could only hide the answer',
  (text) => expect(wayOf(text, 'E')).toBe('none'),
)

test('a name is taken away, since a connection may know another statement by it', () => {
  const query = queryOf({ name: 'mine', text: 'select 1' })
  wayOf(query, 'I')
  expect(query.name).toBeUndefined()
})

test('texts that can not be read are refused', () => {
  expect(wayOf('select 1', 'I', false)).toBe('refused')
})

test.each([
  ['dml', 'joined', 'joined'],
  ['begin', 'ahead', 'none'],
  ['control', 'none', 'none'],
  ['other', 'awaited', 'awaited'],
] as const)('%s, where a connection keeps its path', (kind, outside, inside) => {
  const statement = { kind, effect: 'any' } as const
  expect([sessionWay(statement, false), sessionWay(statement, true)]).toEqual([outside, inside])
})
