import { roleProblemOf, takesRole } from '../../src/postgres/takes-role'

test.each([
  'set role tenant_b',
  'SET/**/ROLE tenant_b',
  'set local role tenant_b',
  'set session role none',
  'reset role',
  'set role = tenant_b',
  'set "role" to tenant_b',
  'reset "role"',
  'set U&"\\0072ole" to tenant_b',
  `set U&"!0072ole" UESCAPE '!' to tenant_b`,
  'set session authorization app',
  'set local session authorization default',
  'set session session authorization default',
  'reset session authorization',
  'set session_authorization to app',
  'select 1; reset role; select * from tenant_b.users',
  'begin; set local role tenant_b',
  '-- note\n/* a /* b */ */ set -- more\n role x',
  `select set_config('role', 'tenant_b', false)`,
  `select pg_catalog.set_config ( 'ROLE' , $1, false)`,
  `select set_config('session_authorization', 'app', false)`,
  `select set_config($1, $2, false)`,
  `select set_config('ro' || 'le', 'tenant_b', false)`,
  `select "set_config"('role', 'tenant_b', false)`,
  `select U&"set\\005fconfig"('role', 'tenant_b', false)`,
  `select set_config/**/('app.user', $1, false)`,
  `select set_config('app.user', '1', true), set_config(E'r\\x6fle', 'tenant_b', true)`,
  `do $$ begin execute 'set ro' || 'le x'; end $$`,
  `DO 'begin null; end'`,
  `create or replace function pg_temp.f() returns void language sql as ''`,
  `create procedure pg_temp.f() language sql as ''`,
  `create aggregate pg_temp.a(text) (sfunc = set_config, stype = text)`,
  `create aggregate pg_temp.hop(text, bool) (sfunc = E'set\\x5fconfig', stype = text, initcond = E'r\\x6fle')`,
  `create or replace aggregate pg_temp.hop(text) (sfunc = E'ts\\x5frewrite', stype = tsquery, initcond = 'a')`,
  `create operator pg_temp.@@@@ (procedure = E'ts\\x5frewrite', leftarg = tsquery, rightarg = text)`,
  `select query_to_xml($1, true, false, '')`,
  `select * from ts_stat('select ...')`,
  `select ts_rewrite('a'::tsquery, 'select ...')`,
  // Where the string ends is the server's setting.
  `select 'it\\'; set role x; -- '`,
  `select 'it\\\\\\''; set role x; -- '`,
  `select E'é\\'; set role x`,
  `prepare p(t) as select $1.a$b$; set role x; select 1 as a$b$`,
  // Bits and bytes have no escapes, whatever the setting.
  `select 'a\\'b', B'\\'; set role x; --'`,
  `select 'a\\'b', x'\\'; set role x; --'`,
  'select $é$ a $è$; set role x; select $é$ b $é$',
])('takes a role, or may: %s', (text) => {
  expect(takesRole(text)).toBe(true)
})

test.each([
  `update users set role = 'admin' where id = 1`,
  `insert into users (role) values ('set role x') on conflict do nothing`,
  `select role from users`,
  `set search_path to x`,
  'set timezone to utc; reset all',
  `select set_config('app.user_id', $1, true)`,
  `select pg_catalog.set_config( 'search_path' ,'x', false)`,
  `select 'set role x; do $$ $$', $$; reset role;$$`,
  `select 1 -- ; set role x`,
  `create temp table t as select 1 operator(pg_catalog.+) 2 as aggregate`,
  `select * from users where role = $1 and name = $2 -- für $3`,
  `select $1$a$ ; set role x $a$, B'1', x'f', $2.b, $b$ é; reset role $b$`,
  `select function, procedure from routines; select 'do'`,
  'discard all',
  `create table functions (role text, "do" int)`,
])('takes none: %s', (text) => {
  expect(takesRole(text)).toBe(false)
})

test('time grows with the length of the text, whatever is in it', () => {
  const begin = performance.now()
  for (const part of [
    'set_config',
    `set_config ('a`,
    'set "role',
    'set session ',
    '/*',
    `'role\\`,
    ';set ',
    '$é',
    '$1.',
  ])
    takesRole(part.repeat(40_000) + 'role')
  expect(performance.now() - begin).toBeLessThan(3000)
})

test('a cursor and a stream are read as well; what has no text is refused', () => {
  const refused = expect.objectContaining({ code: 'ROWHOUSE_ISOLATION', tenant: 'a' })
  expect(roleProblemOf({ text: 'set role x' } as never, 'a')).toEqual(refused)
  expect(roleProblemOf({ cursor: { text: 'set role x' } } as never, 'a')).toEqual(refused)
  expect(roleProblemOf({} as never, 'a')).toEqual(refused)
  expect(roleProblemOf({ cursor: { text: 'select 1' } } as never, 'a')).toBeUndefined()
})
