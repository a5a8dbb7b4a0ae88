import fc from 'fast-check'
import { splitStatements } from '../../src/mysql/split-statements'

function split(text: string): string[] {
  const result = splitStatements(text)
  if (result.problem !== undefined) throw new Error(`${result.problem} (line ${result.line})`)
  return result.statements.map((statement) => statement.text)
}

const PROCEDURE = `create procedure p(in a int, out b set('x;y'))
  comment 'a; b'
begin
  declare i int default 0;
  declare exit handler for sqlexception begin rollback; end;
  if (a > 1) and (a < 5) then set b = if(a > 2, 'x', 'y'); elseif a = 7 then set b = 'x'; else set b = null; end if;
  case a when 1 then set i = 1; else begin end; end case;
  set i = case when a then if(a, 1, 2) else repeat('x', 2) end;
  outer_loop: loop set i = i + 1; if i > 5 then leave outer_loop; end if; end loop;
  repeat set i = i - 1; until i < 0 end repeat;
  while i < 3 do set i = i + 1; end while;
end`

const WHOLE = [
  'select 1',
  "insert into t values ('a;b', \"c;d\", 'it''s', 'back\\'slash;')",
  'create table `a;b` (id int)',
  'create table `a``;b` (id int)',
  'select 1 -- ; not here\n + 2',
  'select 1 # ; not here\n + 2',
  'select /* ; */ 1',
  'select 5--1',
  '/*!40101 set names utf8mb4; */',
  'select /*M!100100 1; */ 2',
  'select case when 1 then 2 end for update',
  'create table t (`begin` int, `end` int)',
  'update t set a = if(b, 1, 2)',
  'drop procedure if exists p',
  PROCEDURE,
  'create trigger t before insert on w for each row set new.a = if(new.b, 1, 2)',
  'create definer = root@localhost trigger t after update on w for each row begin insert into log values (1); delete from x; end',
  'create or replace function f(a int) returns int deterministic return a + 1',
  "create function f() returns varchar(10) reads sql data begin return (select case when 1 then 'end;' end); end",
  'create procedure if not exists p() if 1 then select 1; end if',
  'create procedure p() while 0 do select 1; end while',
  'create event e on schedule every 1 day do begin delete from t; end',
  'create event e on schedule every 1 day do delete from t',
  'alter event e do begin select 1; select 2; end',
  'create procedure p() begin for i in 1..3 do select i; end for; end',
  'create procedure p() l: begin leave l; end l',
]

test.each(WHOLE)('one statement: %s', (sql) => {
  expect(split(sql)).toEqual([sql])
  expect(split(`${sql};`)).toEqual([sql])
  expect(split(`${sql};\n${sql};\n`)).toEqual([sql, sql])
})

test('any statements in any order, with blanks and comments between them, come out as they went in', () => {
  const piece = fc.tuple(
    fc.constantFrom(...WHOLE),
    fc.constantFrom(';', ' ;\n', ';;\n', '; -- x;y\n', ';\n# c;\n', '; /* ; */ '),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      expect(split(pieces.flat().join(''))).toEqual(pieces.map(([sql]) => sql))
    }),
  )
})

test('text in quotes and names never splits a statement', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(';', "'", '"', '`', '\\', '-', '#', '/', '*', ' ', '\n', 'a') }),
      (raw) => {
        const text = `'${raw.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
        const name = `\`${raw.replaceAll('`', '``')}\``
        const sql = `select ${text} as ${name}`
        expect(split(`${sql};${sql}`)).toEqual([sql, sql])
      },
    ),
  )
})

test('anything at all ends, and never as an exception', () => {
  const unit = fc.constantFrom(
    'begin',
    'end',
    'if',
    'case',
    ' ',
    ';',
    "'",
    '`',
    '/*',
    '*/',
    '/*!',
    '--',
    '\n',
    'create',
    'procedure',
    'p()',
    'delimiter',
    '$$',
    '(',
    ')',
  )
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 40 }), (parts) => {
      const result = splitStatements(parts.join(' '))
      expect(result.problem ?? result.statements).toBeDefined()
    }),
    { numRuns: 500 },
  )
})

test('DELIMITER is obeyed, and not sent', () => {
  const text = [
    'create table a (id int);',
    'DELIMITER //',
    'create procedure p() begin select 1; select 2; end //',
    'create trigger t before insert on a for each row begin set new.id = 1; end//',
    'delimiter ;',
    'insert into a values (1);',
    'DELIMITER $$',
    'create procedure q() begin select 1; end$$',
    'DELIMITER ;',
  ].join('\n')
  expect(split(text)).toEqual([
    'create table a (id int)',
    'create procedure p() begin select 1; select 2; end',
    'create trigger t before insert on a for each row begin set new.id = 1; end',
    'insert into a values (1)',
    'create procedure q() begin select 1; end',
  ])
})

test("a dump's trigger in executable comments is one statement", () => {
  const trigger =
    '/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.id = 1; END */'
  expect(split(`DELIMITER ;;\n${trigger};;\nDELIMITER ;\nselect 1;`)).toEqual([trigger, 'select 1'])
})

test('each statement knows its line', () => {
  const result = splitStatements('-- a\n\nselect 1;\n/* b\n*/ select\n2; select 3;\n\nselect 4', 10)
  expect(result).toEqual({
    statements: [
      { text: 'select 1', line: 12 },
      { text: 'select\n2', line: 14 },
      { text: 'select 3', line: 15 },
      { text: 'select 4', line: 17 },
    ],
  })
})

test.each([
  ["select 'abc", /string has no end/, 1],
  ['select 1;\nselect `abc', /name has no end/, 2],
  ['select 1 /* abc', /comment has no end/, 1],
  ['/*!50000 select 1', /executable comment has no end/, 1],
  ['create procedure p() begin select 1;', /has no END.*DELIMITER/, 1],
  ['create procedure p() begin if 1 then select 1; end case; end;', /END CASE closes IF/, 1],
  ['DELIMITER \nselect 1', /names no delimiter/, 1],
])('refused, since it can not be told: %j', (sql, problem, line) => {
  expect(splitStatements(sql)).toEqual({ problem: expect.stringMatching(problem), line })
})

test('time grows with the length of the text, whatever is in it', () => {
  // Processor time: a busy machine is no slow splitter.
  const start = process.cpuUsage()
  for (const text of [
    "';'".repeat(300_000),
    'select 1;\n'.repeat(100_000),
    '/* ; */'.repeat(100_000),
    `create procedure p() begin ${'if 1 then select 1; end if;'.repeat(20_000)} end`,
    '-- x\n'.repeat(200_000),
    '`'.repeat(500_001),
  ])
    splitStatements(text)
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5)
})
