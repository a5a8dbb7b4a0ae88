import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../src/cli/program'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

describe.each(ENGINE_SERVERS)('rowhouse for many tenants on $name', (server) => {
  let town: EngineTown
  let folder: string
  let answers: string[]
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rowhouse-cli-'))
    answers = []
  })
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true })
    await town.close()
  })

  async function open(title: string): Promise<void> {
    town = new EngineTown(server, `cli ${title}`)
    const url = server.engine === 'postgres' ? 'connectionString' : 'uri'
    write('rowhouse.config.json', {
      ...{ engine: server.engine, [url]: server.appUrl, migrationUrl: server.ownerUrl },
      ...{ prefix: town.prefix, migrations: town.folder.path },
    })
    for (const id of ['acme', 'globex']) {
      await town.tenancy.create(id)
      await town.tenancy.run(id, () => town.insert(`of ${id}`))
    }
  }
  function write(name: string, content: object | string): string {
    const path = join(folder, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }
  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', '']
    const code = await runProgram(['--config', join(folder, 'rowhouse.config.json'), ...args], {
      out: (text) => (out += text),
      err: (text) => (err += text),
      ask: answers.length > 0 ? async () => answers.shift()! : undefined,
    })
    return { code, out, err }
  }
  async function json(...args: string[]): Promise<unknown[]> {
    const { out } = await run('--json', ...args)
    return out
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown)
  }
  const kept = (): Promise<string[][]> => Promise.all(['acme', 'globex'].map((id) => town.kept(id)))
  const BEFORE = [['of acme'], ['of globex']]

  test('sql reads each tenant, as a table or as lines of JSON', async () => {
    await open('sql')
    const select = 'select id, name from widgets'
    const { code, out } = await run('sql', '--all', select)
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^tenant\s+id\s+name\nacme\s+1\s+of acme\nglobex\s+1\s+of globex\n$/),
    ])
    expect(await json('sql', 'globex', select)).toEqual([
      { tenant: 'globex', row: { id: 1, name: 'of globex' } },
    ])
    const file = write('two.sql', `-- both;\n${select};\nselect name from widget_types;\n`)
    expect(await json('sql', '-f', file, 'acme')).toEqual([
      { tenant: 'acme', row: { id: 1, name: 'of acme' } },
    ])
    expect((await run('sql', 'acme', '-f', file)).out).toContain('of acme')
  })

  test('sql writes nothing without --write, which asks', async () => {
    await open('write')
    const insert = "insert into widgets (name) values ('new')"
    for (const text of [
      insert,
      `commit; ${insert}`,
      `rollback; ${insert}`,
      'drop table widgets',
      `commit; drop table widgets`,
    ]) {
      const { code, err } = await run('sql', '--all', text)
      expect([code, err]).toEqual([1, expect.stringMatching(/"acme".*read.only[^]*"globex".*read.only/i)])
    }
    expect(await kept()).toEqual(BEFORE)
    expect(await run('sql', 'acme', '--write', insert)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes'),
    })
    answers = ['no']
    expect(await run('sql', 'acme', '--write', insert)).toMatchObject({ code: 2 })
    expect(await kept()).toEqual(BEFORE)
    answers = ['yes']
    expect((await run('sql', 'acme', '--write', insert)).code).toBe(0)
    expect(await json('sql', 'acme', '--write', '--yes', insert)).toEqual([{ tenant: 'acme', affected: 1 }])
    expect(await kept()).toEqual([['of acme', 'new', 'new'], ['of globex']])
    // One transaction for each tenant.
    expect((await run('sql', '--all', '--write', '--yes', `${insert}; select * from nowhere`)).code).toBe(1)
    expect(await kept()).toEqual([['of acme', 'new', 'new'], ['of globex']])
  })

  test('sql leaves nothing of one tenant for the next', async () => {
    await open('leftovers')
    const [set, show] =
      server.engine === 'postgres'
        ? ['create temporary table widgets as select 7 as id', 'select name from widgets']
        : ["set @x = 'left'; select @x as name", 'select name from widgets']
    expect((await run('sql', '--all', '--write', '--yes', set)).code).toBe(0)
    expect(await json('sql', '--all', show)).toEqual(
      ['acme', 'globex'].map((id) => ({ tenant: id, row: { name: `of ${id}` } })),
    )
    if (server.engine === 'mysql')
      expect(await json('sql', '--all', '--write', '--yes', "select @x as x; set @x = 'left'")).toEqual(
        ['acme', 'globex'].flatMap((id) => [
          { tenant: id, row: { x: null } },
          { tenant: id, affected: 0 },
        ]),
      )
  })

  test('sql goes on behind a tenant that fails, and wants to know for whom', async () => {
    await open('failing')
    await town.asOwner('drop table widgets', 'acme')
    const { code, out, err } = await run('sql', '--all', 'select name from widgets')
    expect([code, out, err]).toEqual([
      1,
      expect.stringContaining('of globex'),
      expect.stringContaining('"acme"'),
    ])
    expect(err).not.toContain('"globex"')
    for (const args of [['select 1'], ['--all'], ['--all', 'acme', 'select 1'], ['-f', 'no.sql', 'acme'], []])
      expect([args, (await run('sql', ...args)).code]).toEqual([args, 2])
    expect(await run('sql', 'nobody', 'select 1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('"nobody"'),
    })
  })

  test('exec calls a script in the context of each tenant', async () => {
    await open('exec')
    const query = server.engine === 'postgres' ? 'values ($1)' : 'values (?)'
    const script = write(
      'script.ts',
      `export default async ({ tenancy, tenant }: { tenancy: any; tenant: string }): Promise<number> => {
         await tenancy.pool.query('insert into widgets (name) ${query}', ['by script for ' + tenant])
         return tenant.length
       }`,
    )
    const failing = write(
      'failing.mjs',
      `export default async ({ tenancy, tenant }) => {
         if (tenant === 'acme') throw new Error('not acme')
         await tenancy.pool.query('insert into widgets (name) ${query}', ['by script for ' + tenant])
         return tenant.length
       }`,
    )
    expect(await run('exec', 'acme', '--', script)).toEqual({
      ...{ code: 0, err: '' },
      out: 'acme: done: 4\n1 done, 0 failed\n',
    })
    expect(await kept()).toEqual([['of acme', 'by script for acme'], ['of globex']])
    const { code, out, err } = await run('exec', '--all', '--concurrency', '1', '--', failing)
    expect([code, out]).toEqual([1, 'globex: done: 6\n1 done, 1 failed\n'])
    expect(err).toContain('failed for tenant "acme": not acme')
    expect((await kept())[1]).toEqual(['of globex', 'by script for globex'])
    const wrong = write('wrong.js', 'module.exports = 7')
    for (const args of [['acme', '--', 'none.ts'], ['acme', '--', wrong], ['--', script], []])
      expect([args, (await run('exec', ...args)).code]).toEqual([args, 2])
    expect((await run('exec', 'nobody', '--', script)).code).toBe(1)
  })

  test('drop --keep, list --dropped, undrop, purge and rename', async () => {
    await open('kept')
    expect(await run('drop', 'acme', '--keep', 'soon', '--confirm', 'acme')).toMatchObject({ code: 2 })
    expect(await run('drop', 'acme', '--keep', '30d', '--confirm', 'acme')).toMatchObject({
      ...{ code: 0, out: expect.stringMatching(/^acme: dropped, kept as _dropped_\w+ until \d{4}-/) },
    })
    expect((await run('list')).out).not.toContain('acme')
    expect((await run('list', '--dropped')).out).toMatch(
      /^tenant\s+kept as\s+dropped at\s+kept until\nacme\s+_dropped_/,
    )
    expect(await run('purge', '--expired')).toMatchObject({ code: 0, out: 'nothing to purge\n' })
    expect(await run('undrop', 'acme')).toMatchObject({
      code: 0,
      out: `acme: is back as ${town.schema('acme')}\n`,
    })
    expect(await kept()).toEqual(BEFORE)
    expect(await run('rename', 'acme', 'acme2')).toMatchObject({ code: 0 })
    expect(await town.kept('acme2')).toEqual(['of acme'])
    expect(await run('rename', 'acme2', 'globex')).toMatchObject({ code: 1 })
    await run('drop', 'acme2', '--keep', '30d', '--confirm', 'acme2')
    expect(await run('purge', 'acme2')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') })
    expect(await run('purge')).toMatchObject({ code: 2 })
    expect(await run('purge', 'acme2', '--yes')).toMatchObject({ code: 0 })
    expect(await json('list', '--dropped')).toEqual([[]])
  })
})
