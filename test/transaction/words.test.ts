import { transactionWordOf as mysqlWord, wordOfCall } from '../../src/mysql/transaction-text'
import { transactionWordOf as postgresWord } from '../../src/postgres/transaction-text'
import type { TransactionWord } from '../../src/transaction/words'

test.each<[TransactionWord, string]>([
  ['begin', 'begin'],
  ['begin', '  BEGIN ; '],
  ['begin', '/* a */ begin -- b\n work'],
  ['begin', 'BEGIN TRANSACTION;'],
  ['begin', 'START TRANSACTION'],
  ['refused', 'begin isolation level serializable'],
  ['refused', 'start transaction read only'],
  ['commit', 'COMMIT;'],
  ['commit', 'commit work'],
  ['commit', 'commit and no chain'],
  ['refused', 'commit and chain'],
  ['rollback', 'rollback'],
  ['rollback', 'Rollback Transaction'],
  ['none', 'rollback to savepoint a'],
  ['none', 'rollback work to a'],
  ['none', 'savepoint a'],
  ['none', 'release savepoint a'],
  ['none', "select 'commit'"],
  ['none', 'select 1; select 2'],
  ['none', 'insert into begin values (1)'],
  ['none', "insert into a values ('; commit')"],
  ['none', ''],
  ['none', '-- commit'],
  ['refused', 'insert into a values (1); commit'],
  ['refused', 'begin; insert into a values (1)'],
  ['refused', 'commit; begin'],
  ['none', 'savepoint a; rollback to savepoint a'],
])('%s: %s', (word, text) => {
  expect(postgresWord(text)).toBe(word)
  expect(mysqlWord(text)).toBe(word)
})

test.each<[TransactionWord, string]>([
  ['commit', 'end'],
  ['rollback', 'abort'],
  ['none', 'select $$; commit;$$'],
  ['none', "commit prepared 'a'"],
])('of PostgreSQL, %s: %s', (word, text) => expect(postgresWord(text)).toBe(word))

test.each<[TransactionWord, string]>([
  ['none', 'begin not atomic select 1; end'],
  ['none', 'start slave'],
  ['refused', 'start transaction with consistent snapshot'],
  ['begin', '# a\nbegin'],
])('of MySQL, %s: %s', (word, text) => expect(mysqlWord(text)).toBe(word))

test('a call is told by its method, or by the text in what it is given', () => {
  expect(wordOfCall('beginTransaction', undefined)).toBe('begin')
  expect(wordOfCall('commit', () => {})).toBe('commit')
  expect(wordOfCall('query', { sql: 'begin' })).toBe('begin')
  expect(wordOfCall('execute', 'rollback')).toBe('rollback')
  expect(wordOfCall('query', undefined)).toBe('none')
  expect(wordOfCall('ping', undefined)).toBe('none')
})
