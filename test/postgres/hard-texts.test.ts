import { SERVERS } from '../support/servers'
import { Houses } from './support/houses'

/** A name in Japanese whose letters are others, and the same ones where the server takes them for Shift JIS. */
const [ONE, OTHER] = ['\u0081\u61db', '\u0081\u607f']

describe.each(SERVERS)('a SET ROLE where the eye reads a string, on $name', (server) => {
  const houses = new Houses(server, 'hidden roles', 'role')
  const b = houses.schema('b')
  const hidden = `set role ${b}; select name from ${b}.users`
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const TEXTS: readonly { before: string; text: string }[] = [
    {
      before: 'create temp table t (a$b$ int)',
      text: `deallocate all; prepare p(t) as select $1.a$b$; ${hidden}; select 1 as a$b$`,
    },
    ...['B', 'X'].map((prefix) => ({
      before: 'set standard_conforming_strings to off',
      text: `select 'a\\'b'; alter table if exists nope alter x set default ${prefix}'\\'; ${hidden}; --'`,
    })),
    {
      before: `set client_encoding to 'SJIS'`,
      text: `select 1; select $${ONE}$ x $${OTHER}$; ${hidden}; select $${ONE}$ y $${ONE}$`,
    },
  ]

  test.each(TEXTS)('is not sent: $text', async ({ before, text }) => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      await client.query(before)
      await expect(client.query(text)).rejects.toMatchObject({ code: 'ROWHOUSE_ISOLATION', tenant: 'a' })
      expect((await client.query('select current_user as role')).rows).toEqual([{ role: houses.schema('a') }])
      client.release()
    })
  })

  test.each(TEXTS)('the control: the server itself lets it pass: $text', async ({ before, text }) => {
    const client = await houses.plainPool('a').connect()
    await client.query(`set role ${houses.schema('a')}`)
    await client.query(before)
    expect(JSON.stringify(await client.query(text))).toContain('b-1')
    client.release(true)
  })

  /** A function is named in a string, where escapes hide it, and called by a name of its maker's. */
  const MAKES = [
    {
      make: `create aggregate pg_temp.hop(text, bool) (sfunc = E'set\\x5fconfig', stype = text, initcond = E'r\\x6fle')`,
      use: [
        `create temp view hopping as select pg_temp.hop('${b}', false)`,
        'begin',
        'select * from pg_temp.hopping',
        `select name from ${b}.users`,
      ],
    },
    {
      make: `create operator pg_temp.@@ (procedure = E'ts\\x5frewrite', leftarg = tsquery, rightarg = text)`,
      use: [
        `select 'a'::tsquery operator(pg_temp.@@) ('select ''a''::tsquery, set_' || 'config(''ro'' || ''le'', ''${b}'', false)::tsquery'),
                'a'::tsquery operator(pg_temp.@@) ('select ''a''::tsquery, (select name::tsquery from ${b}.users where id = 1)')`,
      ],
    },
  ]

  test.each(MAKES)('what calls it by another name is not made: $make', async ({ make }) => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      await expect(pool.query(make)).rejects.toMatchObject({ code: 'ROWHOUSE_ISOLATION', tenant: 'a' })
    })
  })

  test.each(MAKES)(
    'the control: the server itself makes it, and lets it pass: $make',
    async ({ make, use }) => {
      const client = await houses.plainPool('a').connect()
      await client.query(`set role ${houses.schema('a')}`)
      await client.query(make)
      let last: unknown
      for (const text of use) last = await client.query(text)
      expect(JSON.stringify(last)).toContain('b-1')
      client.release(true)
    },
  )
})
