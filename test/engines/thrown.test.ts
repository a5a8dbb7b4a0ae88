import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

const BAD = '20200103000000_bad'

describe.each(ENGINE_SERVERS)('what a migration throws on $name', (server) => {
  let town: EngineTown
  afterEach(() => town.close())

  test.each([
    ['undefined', 'undefined', /: undefined was thrown/],
    ['null', 'null', /: null was thrown/],
    ['a text', "'the reason'", /: the reason\b/],
    ['an object', '{ status: 503 }', /: \{ status: 503 \} was thrown/],
    ['an error without a message', "Object.assign(new Error(), { code: 'EGONE' })", /: EGONE/],
    ['an error whose code is a number', "Object.assign(new Error('of Bob'), { code: 7 })", /: of Bob/],
    ['an error', "new Error('the reason')", /: the reason\b/],
  ])('is told with tenant and file: %s', async (title, thrown, reason) => {
    town = new EngineTown(server, title)
    await town.tenancy.create('acme')
    town.folder.write(
      `${BAD}.js`,
      `exports.up = async () => { throw ${thrown} }; exports.down = async () => {}`,
    )
    const failure = {
      code: 'ROWHOUSE_MIGRATION_FAILED',
      // PostgreSQL's files are rendered once for all tenants, before any of them.
      tenant: server.engine === 'mysql' ? 'acme' : undefined,
      migration: BAD,
      message: expect.stringMatching(reason),
    }
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject(failure)
    const whole = town.tenancy.migrateAll().report()
    if (server.engine === 'postgres') await expect(whole).rejects.toMatchObject(failure)
    else
      expect((await whole).results).toEqual([
        expect.objectContaining({
          status: 'error',
          tenant: 'acme',
          error: expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_FAILED' }),
        }),
      ])
    town.folder.delete(`${BAD}.js`)
    town.folder.write(`${BAD}.js`, 'exports.up = async () => {}; exports.down = async () => {}')
    expect((await town.tenancy.migrate('acme')).versions).toEqual([20200103000000])
  })

  test.each([
    ['undefined', 'throw undefined', /_bad\.js can't be loaded: undefined was thrown/],
    ['an error', "throw new Error('no such helper')", /no such helper/],
    ['a syntax error', 'exports.up = async ( => {}', /Unexpected|ParseError/],
  ])('a file that can not be loaded is named: %s', async (title, text, reason) => {
    town = new EngineTown(server, `load ${title}`)
    await town.tenancy.create('acme')
    town.folder.write(`${BAD}.js`, text)
    const failure = { code: 'ROWHOUSE_MIGRATION_FOLDER', message: expect.stringMatching(reason) }
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject(failure)
    await expect(town.tenancy.create('beta')).rejects.toMatchObject(failure)
    expect(await town.tenancy.exists('beta')).toBe(false)
  })
})
