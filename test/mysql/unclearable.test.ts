import { isUnclearable } from '../../src/mysql/unclearable'

test.each([
  'set role admin',
  'SET /* */ Role admin',
  'select 1; set role none',
  'set profiling = 1',
  'set @@session.profiling = 1',
  `execute immediate 'set role admin'`,
  `EXECUTE IMMEDIATE 'SET PROFILING = 1'`,
  `begin not atomic execute immediate 'set role admin'; end`,
  `execute immediate 'set ro' 'le admin'`,
  `execute immediate 'set ro' || 'le admin'`,
  `execute immediate concat('set ro', 'le admin')`,
  `execute immediate 'set r\\ole admin'`,
  'execute immediate "set role admin"',
  'execute immediate @text',
  `prepare p from 'set role admin'`,
  'prepare `p` from @text',
])('no reset clears what may be left by: %s', (text) => {
  expect(isUnclearable(text)).toBe(true)
})

test.each([
  `select 'set role admin'`,
  'select role from users',
  'set @role = 1',
  `execute immediate 'select 1'`,
  `execute immediate 'select ?' using @x`,
  `prepare p from 'select 1'`,
  'execute p',
  'select a from prepare',
  'set names latin1',
])('a reset clears what is left by: %s', (text) => {
  expect(isUnclearable(text)).toBe(false)
})
