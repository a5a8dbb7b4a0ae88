import { Town } from '../lifecycle/support'
import { SERVERS } from '../support/servers'

const A = { '20200101000000_a.sql': 'create table a (id serial primary key, name text)' }
const IDS = ['t1', 't2', 't3']
const ONE_CONNECTION = { concurrency: 1, canary: 0, rehearse: false, maxFailures: 9 }

describe.each(SERVERS)('what a session is like in a fleet of $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  async function fleet(title: string, files: Readonly<Record<string, string>>, settings = ''): Promise<void> {
    town = await Town.open(server, title, A)
    const url = new URL(town.migrationUrl)
    if (settings !== '') url.searchParams.set('options', settings)
    const tenancy = town.sibling({}, { migrationUrl: url.href })
    try {
      for (const id of IDS) await tenancy.create(id)
      for (const [name, text] of Object.entries(files)) town.folder.write(name, text)
      await town.owner.query(`insert into ${town.prefix}t1.a (name) values ('odd')`)
      await tenancy.migrateAll(ONE_CONNECTION).report()
    } finally {
      await tenancy.close()
    }
  }
  const names = async (id: string): Promise<string[]> => {
    const { rows } = await town.owner.query(
      `select name from ${town.prefix}${id}.a where name <> 'odd' order by id`,
    )
    return rows.map(({ name }) => name as string)
  }
  const all = async (): Promise<string[][]> => {
    const each: string[][] = []
    for (const id of IDS) each.push(await names(id))
    return each
  }

  const write = (value: string): string => `insert into a (name) values (${value})`

  test.each([
    ['set standard_conforming_strings to off', String.raw`'a\\b'`, String.raw`a\b`],
    ['set session standard_conforming_strings = off', String.raw`'a\\b'`, String.raw`a\b`],
    ["select set_config('standard_conforming_strings', 'off', false)", String.raw`'a\\b'`, String.raw`a\b`],
    // As psql would read a file that is not in that encoding.
    ["set client_encoding to 'LATIN1'", "'é'", 'Ã©'],
    ["set names 'LATIN1'", "'é'", 'Ã©'],
  ])('%s is for what follows it, in every tenant alike', async (setting, value, read) => {
    await fleet('reading', { '20200102000000_late.sql': `${setting}; ${write(value)}` })
    expect(await all()).toEqual([[read], [read], [read]])
  })

  test.each([
    ['standard_conforming_strings', 'off', String.raw`'a\\b'`, String.raw`a\\b`],
    ['client_encoding', 'LATIN1', "'é'", 'é'],
  ])(
    '%s that a file with noTransaction() leaves is not for the next tenant',
    async (setting, to, value, read) => {
      const first = `exports.up = (pgm) => { pgm.noTransaction(); pgm.sql("set ${setting} to '${to}'") }; exports.down = false`
      town = await Town.open(server, 'left', A)
      for (const id of IDS) await town.tenancy.create(id)
      town.folder.write('20200102000000_first.js', first)
      // The first tenant goes statement by statement; the others, who have that file, in one text on the same connection.
      for (const id of ['t2', 't3']) await town.tenancy.migrate(id)
      town.folder.write('20200103000000_late.sql', write(value))
      await town.tenancy.migrateAll(ONE_CONNECTION).report()
      expect((await all()).slice(1)).toEqual([[read], [read]])
    },
  )

  test.each(['repeatable read', 'serializable'])(
    'a migration runs in read committed, where the role’s default is %s',
    async (level) => {
      const late = `do $$ begin if exists (select from a where name = 'odd') then raise 'odd'; end if; end $$;
        ${write("current_setting('transaction_isolation')")}`
      // The first one fails, so that the connection has been where it is asked statement by statement.
      await fleet(
        'isolation',
        { '20200102000000_late.sql': late },
        `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`,
      )
      expect(await all()).toEqual([[], ['read committed'], ['read committed']])
    },
  )
})
