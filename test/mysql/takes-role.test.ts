import { takesRole } from '../../src/mysql/takes-role'

test.each([
  'set role tenant_b',
  'SET /* */ Role "tenant_b"',
  'set @a = 1, role tenant_b',
  'set names utf8mb4, role tenant_b',
  'set default role tenant_b',
  'set @a = 1, default role tenant_b for app',
  // With sql_mode MSSQL a name stands in brackets.
  `select 1 as [a']; set role tenant_b; select '`,
  'set role none',
  'select 1; set role tenant_b',
  'set statement max_statement_time = 1 for set role tenant_b',
  'begin not atomic set role tenant_b; end',
  'set /*!50000 role */ tenant_b',
  'set /*!999999 @a = */ role tenant_b',
  `execute immediate 'set role tenant_b'`,
  `execute immediate concat('set ro', 'le tenant_b')`,
  `execute immediate 'begin not atomic execute immediate concat(''set ro'', ''le tenant_b''); end'`,
  'prepare p from @text',
  `prepare p from 'set role tenant_b'`,
  // With NO_BACKSLASH_ESCAPES the text ends at the second quote.
  `set @a = '\\', role tenant_b -- '`,
  // With SET NAMES gbk the backslash is a part of the letter before it.
  `set @a = '€\\', role tenant_b -- '`,
])('a role is taken, or may be, by: %s', (text) => {
  expect(takesRole(text)).toBe(true)
})

test.each([
  'set @role = 1',
  `set @a = 'set role b'`,
  `call set_role('role')`,
  `update users set role = 'admin'; select role from users`,
  `update users set name = 1, role = 'admin'; select 1`,
  `insert into users (name, role) values ('a', 'b'); select 1`,
  `execute immediate 'select 1'`,
  'execute p',
  'set names latin1',
  `set @a = '["role"]', @b = default`,
])('no role is taken by: %s', (text) => {
  expect(takesRole(text)).toBe(false)
})
