import { MYSQL_SERVERS } from '../support/servers'
import { Houses, namesIn, threadOf } from './support/houses'

const READ = 'select name from users where id = 1'
const DENIED = /^ER_(TABLEACCESS|DBACCESS|PROCACCESS)_DENIED_ERROR$/

/** SQL of tenant a that names the database of tenant b. */
const CROSSINGS: readonly [string, (b: string) => string][] = [
  ['SELECT', (b) => `select * from ${b}.users`],
  ['INSERT', (b) => `insert into ${b}.users (name) values ('stray')`],
  ['INSERT ... SELECT', (b) => `insert into users (name) select name from ${b}.users`],
  ['REPLACE', (b) => `replace into ${b}.users values (1, 'stray')`],
  ['UPDATE', (b) => `update ${b}.users set name = 'stray'`],
  ['UPDATE of a join', (b) => `update users, ${b}.users u set u.name = 'stray'`],
  ['DELETE', (b) => `delete from ${b}.users`],
  ['DELETE of a join', (b) => `delete u from users join ${b}.users u`],
  ['JOIN', (b) => `select * from users join ${b}.users u`],
  ['UNION', (b) => `select name from users union select name from ${b}.users`],
  ['subquery', (b) => `select (select max(name) from ${b}.users)`],
  ['CALL', (b) => `call ${b}.wipe()`],
  ['function', (b) => `select ${b}.first_name()`],
  ['TRUNCATE', (b) => `truncate ${b}.users`],
  ['DROP TABLE', (b) => `drop table ${b}.users`],
  ['LOCK TABLES', (b) => `lock tables ${b}.users write`],
  ['SHOW CREATE TABLE', (b) => `show create table ${b}.users`],
]

const way = (isolation: 'role' | 'database') => `${isolation} crossings`

describe.each(MYSQL_SERVERS)('SQL that names the database of another tenant, on $name', (server) => {
  const hard = new Houses(server, way('role'), 'role')
  const soft = new Houses(server, way('database'))
  beforeAll(async () => {
    for (const houses of [hard, soft]) {
      await houses.build(['a', 'b'])
      await houses.asOwner((owner) =>
        owner.query(
          `create procedure ${houses.schema('b')}.wipe() delete from users;
           create function ${houses.schema('b')}.first_name() returns varchar(80) return (select min(name) from users)`,
        ),
      )
    }
  })
  afterAll(() => Promise.all([hard.clear(), soft.clear()]))

  const intact = async (): Promise<void> => {
    expect(await hard.names('a')).toEqual(['a-1', 'a-2'])
    expect(await hard.names('b')).toEqual(['b-1', 'b-2'])
  }

  test.each(CROSSINGS)('%s is refused by the server', async (_what, sql) => {
    const { pool, callbackPool } = hard.pools()
    const text = sql(hard.schema('b'))
    for (const ask of [
      () => pool.query(text),
      () => pool.execute(text),
      () =>
        new Promise((resolve, reject) =>
          callbackPool.query(text, (error) => (error ? reject(error) : resolve(0))),
        ),
    ]) {
      const error = await hard.in('a', () =>
        ask().then(
          () => undefined,
          (thrown: { code: string }) => thrown,
        ),
      )
      // LOCK TABLES and the like can't be prepared on every server.
      expect(error?.code).toMatch(/^ER_(TABLEACCESS|DBACCESS|PROCACCESS)_DENIED_ERROR$|^ER_UNSUPPORTED_PS$/)
      expect(namesIn(await hard.in('a', () => pool.query(READ)))).toEqual(['a-1'])
    }
    await intact()
  })

  test('the control: without roles it reads and writes there', async () => {
    const pool = soft.pool()
    const b = soft.schema('b')
    expect(namesIn(await soft.in('a', () => pool.query(`select name from ${b}.users where id = 1`)))).toEqual(
      ['b-1'],
    )
    await soft.in('a', () => pool.query(`insert into ${b}.users (name) values ('stray')`))
    expect(await soft.names('b')).toEqual(['b-1', 'b-2', 'stray'])
  })

  test('the control: with a grant of its own the account passes its roles by', async () => {
    await hard.build(['open'])
    await hard.grantDirectly('open')
    const pool = hard.pool()
    const text = `select name from ${hard.schema('open')}.users where id = 1`
    expect(namesIn(await hard.in('a', () => pool.query(text)))).toEqual(['open-1'])
  })

  test('a USE is refused: by the server without the sight of a mark, by the pool with it', async () => {
    const pool = hard.pool()
    const thread = await hard.in('a', () => threadOf(pool))
    await expect(hard.in('a', () => pool.query(`use ${hard.schema('b')}`))).rejects.toMatchObject({
      code: 'ROWHOUSE_ISOLATION',
    })
    expect(await hard.in('a', () => threadOf(pool))).not.toBe(thread)
    await hard.asOwner((owner) => owner.query(`create database ${hard.schema('bare')}`))
    await expect(hard.in('a', () => pool.query(`use ${hard.schema('bare')}`))).rejects.toMatchObject({
      code: 'ER_DBACCESS_DENIED_ERROR',
    })
    await intact()
  })

  test('the mark of another tenant can be read, and not written', async () => {
    const pool = hard.pool()
    const mark = `${hard.schema('b')}._rowhouse`
    await hard.in('a', () => pool.query(`select * from ${mark}`))
    await expect(hard.in('a', () => pool.query(`delete from ${mark}`))).rejects.toMatchObject({
      code: expect.stringMatching(DENIED),
    })
  })

  test('what runs as its definer passes: a view, a procedure; and as its invoker does not', async () => {
    const [a, b] = [hard.schema('a'), hard.schema('b')]
    await hard.asOwner((owner) =>
      owner.query(
        `create view ${a}.all_names as select name from ${b}.users;
         create procedure ${a}.peek() select name from ${b}.users;
         create sql security invoker view ${a}.own_names as select name from ${b}.users;
         create procedure ${a}.peek_as_invoker() sql security invoker select name from ${b}.users`,
      ),
    )
    const pool = hard.pool()
    await hard.in('a', async () => {
      expect(namesIn(await pool.query('select name from all_names order by 1'))).toEqual(['b-1', 'b-2'])
      const [[rows]] = (await pool.query('call peek()')) as unknown as [[{ name: string }[]]]
      expect(rows.map(({ name }) => name)).toEqual(['b-1', 'b-2'])
      await expect(pool.query('select * from own_names')).rejects.toMatchObject({ code: 'ER_VIEW_INVALID' })
      await expect(pool.query('call peek_as_invoker()')).rejects.toMatchObject({
        code: 'ER_TABLEACCESS_DENIED_ERROR',
      })
    })
  })
})
