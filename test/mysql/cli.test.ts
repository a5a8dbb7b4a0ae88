import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../src/cli/program'
import { MYSQL_SERVERS } from '../support/servers'
import { MysqlTown } from './support/town'

describe.each(MYSQL_SERVERS)('rowhouse on $name', (server) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-cli-')))
  const config = join(folder, 'rowhouse.config.json')
  let town: MysqlTown
  afterEach(() => town.close())
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', '']
    const code = await runProgram(['--config', config, ...args], {
      out: (text) => (out += text),
      err: (text) => (err += text),
      ask: undefined,
    })
    return { code, out, err }
  }

  async function open(title: string, more: object, files?: Readonly<Record<string, string>>): Promise<void> {
    town = await MysqlTown.open(server, title, files)
    writeFileSync(config, JSON.stringify({ prefix: town.prefix, migrations: town.folder.path, ...more }))
  }

  const urls = { engine: 'mysql', uri: server.appUrl, migrationUrl: server.ownerUrl }

  test('the life of a tenant', async () => {
    await open('life', urls)
    expect(await run('create', 'acme')).toEqual({
      code: 0,
      out: 'acme: created, 2 migrations run\n',
      err: '',
    })
    expect((await run('rollback', 'acme', '--yes')).out).toContain('acme: reverted 20200102000000')
    expect((await run('status')).out).toMatch(
      /tenant\s+schema\s+state\s+version\s+pending\s+missing\nacme .*20200101000000\s+1/,
    )
    expect((await run('status', '--check')).code).toBe(4)
    expect((await run('migrate', '--all')).out).toContain('acme: applied 20200102000000')
    expect((await run('drop', 'acme', '--confirm', 'acme')).code).toBe(0)
    expect((await run('list')).out).toBe('none\n')
  })

  test('an unfinished migration is shown, gone on with, and repaired', async () => {
    await open('unfinished', urls, {
      '20200101000000_a.sql': 'create table a (id int);\nselect * from nowhere;',
    })
    await run('create', 'acme', '--no-migrate')
    expect(await run('migrate', 'acme')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/20200101000000_a \(up\).*"acme".*statement 2, line 2/),
    })
    const shown = await run('status', '--check')
    expect(shown).toMatchObject({
      code: 4,
      out: expect.stringMatching(/unfinished\nacme .*20200101000000_a \(up\) at statement 2: .*nowhere/),
    })
    const unfinished = { name: '20200101000000_a', statement: 2 }
    expect(JSON.parse((await run('--json', 'status', 'acme')).out)).toMatchObject([{ unfinished }])
    expect(JSON.parse((await run('--json', 'status')).out)).toMatchObject({
      ...{ tenants: 1, atHead: 0, groups: [{ tenants: ['acme'], isAtHead: false, unfinished }] },
    })
    expect(await run('repair', 'acme')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--mark applied'),
    })
    expect(await run('repair', 'acme', '--mark', 'maybe')).toMatchObject({ code: 2 })
    expect(await run('repair', 'acme', '--skip')).toMatchObject({
      code: 1,
      err: expect.stringContaining('in doubt'),
    })
    expect(await run('repair', 'acme', '--retry')).toEqual({
      code: 0,
      out: 'acme: 20200101000000_a will go on (again statement 2)\n',
      err: '',
    })
    expect(await run('repair', 'acme', '--mark', 'applied')).toEqual({
      code: 0,
      out: 'acme: 20200101000000_a is applied\n',
      err: '',
    })
    expect(await run('status', '--check')).toMatchObject({ code: 0 })
    expect(await run('repair', 'acme', '--retry')).toMatchObject({
      code: 1,
      err: expect.stringContaining('ROWHOUSE_MIGRATION_TARGET'),
    })
  })

  test('a changed file is refused, and taken with --allow-changed', async () => {
    await open('changed', urls, { '20200101000000_a.sql': 'create table a (id int)' })
    await run('create', 'acme')
    await new Promise((resolve) => setTimeout(resolve, 20))
    town.folder.write('20200101000000_a.sql', 'create table a (id bigint)')
    expect(await run('migrate', '--all')).toMatchObject({
      code: 1,
      err: expect.stringContaining('ROWHOUSE_MIGRATION_CHANGED'),
    })
    expect(await run('migrate', '--all', '--allow-changed')).toMatchObject({ code: 0 })
    expect(await run('migrate', '--all')).toMatchObject({ code: 0 })
  })

  test.each([
    ['named', { engine: 'mysql' }],
    ['by the variables alone', {}],
  ])('MYSQL_URL and MYSQL_OWNER_URL connect it: %s', async (title, more) => {
    await open(title, more)
    const before = process.env
    const { DATABASE_URL: _database, ...rest } = before
    process.env = { ...rest, MYSQL_URL: server.appUrl, MYSQL_OWNER_URL: server.ownerUrl }
    try {
      expect((await run('create', 'acme')).out).toContain('acme: created')
      expect(await town.tables('acme')).toContain('widgets')
    } finally {
      process.env = before
    }
  })

  test('new writes what MySQL runs', async () => {
    await open('new', { engine: 'mysql' }, {})
    const { out } = await run('new', 'CreateUsers')
    expect(out).toMatch(/_create_users\.ts\n$/)
  })
})
