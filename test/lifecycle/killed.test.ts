import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { SERVERS } from '../support/servers'
import type { TestServer } from '../support/servers'
import { eventually, Gate, Town } from './support'

// Each test starts a process that compiles the package.
jest.setTimeout(60_000)

const A = { '20200101000000_a.sql': 'create table a (id int)' }
const OUTSIDE = {
  '20200102000000_outside.js':
    "exports.up = (pgm) => { pgm.noTransaction(); pgm.createIndex('a', 'id', { concurrently: true }) }; exports.down = false",
}
const ASKING = {
  '20200102000000_asking.js': "exports.up = async (pgm) => { await pgm.db.query('select 1') }",
}
const ALL = [20200101000000, 20200102000000, 20200103000000]

/** Another process that calls one method of the same tenancy. */
function callElsewhere(server: TestServer, town: Town, call: string): ChildProcess {
  const code = `
    const { createTenancy } = require('./src/tenancy.ts')
    const { postgres } = require('./src/postgres/postgres.ts')
    const { url, owner, prefix, migrations } = JSON.parse(process.env.TOWN)
    const engine = postgres({ connectionString: url, migrationUrl: owner })
    createTenancy({ engine, prefix, migrations }).${call}.catch((error) => { console.error(error); process.exit(1) })`
  const settings = {
    url: server.appUrl,
    owner: server.ownerUrl,
    prefix: town.prefix,
    migrations: town.folder.path,
  }
  return spawn(process.execPath, ['--import', 'tsx', '-e', code], {
    cwd: join(__dirname, '../..'),
    env: { ...process.env, TOWN: JSON.stringify(settings) },
    stdio: 'inherit',
  })
}

describe.each(SERVERS)('a process that is killed on $name', (server) => {
  let town: Town
  let gate: Gate
  afterEach(async () => {
    await gate.open().catch(() => {})
    await town.close()
  })

  /** Kills the process while its last migration waits, and waits until its backend is gone. */
  async function kill(call: string): Promise<void> {
    const child = callElsewhere(server, town, call)
    const pid = await gate.reached()
    child.kill('SIGKILL')
    await once(child, 'exit')
    await gate.open()
    await eventually(async () => {
      const { rowCount } = await town.owner.query('select from pg_stat_activity where pid = $1', [pid])
      return rowCount === 0 || undefined
    })
  }

  async function open(title: string, files: Readonly<Record<string, string>>): Promise<void> {
    gate = await Gate.close(server, title)
    town = await Town.open(server, title, files)
  }

  test('while it creates a tenant statement by statement leaves nothing of it', async () => {
    await open('create', { ...A, ...ASKING })
    town.folder.write('20200103000000_last.sql', `create table last (id int); ${gate.sql}`)
    await kill("create('acme')")
    expect(await town.schemas()).toEqual([])
    expect((await town.tenancy.create('acme')).created).toBe(true)
  })

  test('while it creates a tenant in one round trip leaves all of it: the server ends what it was sent', async () => {
    await open('at once', A)
    town.folder.write('20200103000000_last.sql', `create table last (id int); ${gate.sql}`)
    await kill("create('acme')")
    expect(await town.tenancy.create('acme')).toMatchObject({ created: false, versions: [] })
    expect(await town.tenancy.status('acme')).toMatchObject({
      state: 'active',
      versions: [20200101000000, 20200103000000],
    })
  })

  test('while it creates a tenant in parts leaves one that is not served, and is made anew', async () => {
    await open('create in parts', { ...A, ...OUTSIDE })
    town.folder.write('20200103000000_last.sql', `create table last (id int); ${gate.sql}`)
    await kill("create('acme')")
    expect(await town.tenancy.exists('acme')).toBe(false)
    expect((await town.tenancy.status('acme')).state).toBe('creating')
    expect(await town.tenancy.create('acme')).toMatchObject({ created: true, versions: ALL })
  })

  test('while it migrates leaves each part as a whole, with its books', async () => {
    await open('migrate', { ...A, ...OUTSIDE })
    await town.tenancy.create('acme', { migrate: false })
    town.folder.write('20200103000000_last.sql', `create table last (id int); ${gate.sql}`)
    await kill("migrate('acme')")
    expect(await town.tenancy.status('acme')).toMatchObject({ state: 'active', versions: ALL.slice(0, 2) })
    expect(await town.relations(`${town.prefix}acme`)).toContain('a')
    expect(await town.relations(`${town.prefix}acme`)).not.toContain('last')
    expect((await town.tenancy.migrate('acme')).versions).toEqual([ALL[2]])
  })
})
