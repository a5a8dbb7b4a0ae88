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
})
