import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../src/cli/program'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'
import { Relay } from './support/relay'

const V = [20200101000000, 20200102000000] as const
const LATE = '20200103000000_late.sql'

describe.each(ENGINE_SERVERS)('the status of a fleet on $name', (server) => {
  let town: EngineTown
  let relay: Relay | undefined
  afterEach(async () => {
    await town.close()
    await relay?.close()
    relay = undefined
  })

  async function open(title: string, ids: readonly string[], on = server): Promise<void> {
    town = new EngineTown(on, `status ${title}`)
    for (const id of ids) await town.tenancy.create(id)
  }

  test('tenants are grouped by where they stand, the greatest group first', async () => {
    await open('groups', ['a', 'b', 'c', 'd', 'e'])
    await town.tenancy.rollback('b')
    await town.tenancy.rollback('d')
    await town.tenancy.rollback('e', { all: true })
    await town.tenancy.suspend('c')
    const status = await town.tenancy.statusAll()
    const clean = { missing: [], renamed: [], changed: [] }
    expect(status).toEqual({
      tenants: 5,
      atHead: 2,
      migrations: ['20200101000000_create_widget_types', '20200102000000_create_widgets'],
      groups: [
        { tenants: ['a', 'c'], isAtHead: true, version: V[1], pending: [], ...clean },
        {
          ...{ tenants: ['b', 'd'], isAtHead: false, version: V[0] },
          ...{ pending: ['20200102000000_create_widgets'], ...clean },
        },
        {
          ...{ tenants: ['e'], isAtHead: false, version: undefined },
          ...{ pending: ['20200101000000_create_widget_types', '20200102000000_create_widgets'], ...clean },
        },
      ],
      creating: [],
      suspended: ['c'],
      problems: [],
    })
    town.folder.write(LATE, 'select 1')
    expect(await town.tenancy.statusAll()).toMatchObject({ atHead: 0, groups: [{}, {}, {}] })
    await town.tenancy.migrateAll().report()
    expect(await town.tenancy.statusAll()).toMatchObject({ atHead: 5, groups: [{ version: 20200103000000 }] })
  })

  test('half-made tenants, strangers and broken books are told apart', async () => {
    await open('odd', ['a', 'b', 'c'])
    await town.asOwner("update _rowhouse set state = 'creating'", 'b')
    await town.asOwner('drop table schema_migrations', 'c')
    await town.asOwner('create table schema_migrations (version bigint)', 'c')
    const other = new EngineTown(server, 'status odd', { name: 'other', prefix: town.prefix })
    await other.tenancy.create('stranger')
    const status = await town.tenancy.statusAll()
    expect(status).toMatchObject({ tenants: 2, atHead: 1, creating: ['b'], groups: [{ tenants: ['a'] }] })
    expect(status.problems).toEqual([
      { tenant: 'c', error: expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_TARGET' }) },
    ])
    const named = await town.tenancy.statusAll({ tenants: ['b', 'nobody', 'stranger', 'a'] })
    expect(named).toMatchObject({ tenants: 4, atHead: 1, creating: [], groups: [{ tenants: ['a'] }] })
    expect(named.problems.map(({ tenant, error }) => [tenant, (error as { code?: string }).code])).toEqual([
      ['b', 'ROWHOUSE_TENANT_NOT_FOUND'],
      ['nobody', 'ROWHOUSE_TENANT_NOT_FOUND'],
      ['stranger', 'ROWHOUSE_SCHEMA_NOT_OURS'],
    ])
    await other.tenancy.close()
    other.folder.remove()
    await expect(town.tenancy.statusAll({ concurrency: 0 })).rejects.toMatchObject({
      code: 'ROWHOUSE_CONFIG',
    })
    await expect(town.tenancy.statusAll({ tenants: ['"; drop'] })).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_ID_INVALID',
    })
  })

  test('a fleet is one survey; the CLI shows it in groups from 21 tenants on', async () => {
    relay = await Relay.to(server.ownerUrl, server.engine === 'postgres' ? 5432 : 3306)
    const folder = mkdtempSync(join(tmpdir(), 'rowhouse-cli-'))
    const ids = Array.from({ length: 22 }, (_, index) => `t${String(index).padStart(2, '0')}`)
    try {
      await open('cli', [], { ...server, ownerUrl: relay.url })
      for (const id of ids) await town.tenancy.create(id, { migrate: id === 't07' })
      const before = relay.connections
      expect(await town.tenancy.statusAll()).toMatchObject({ tenants: 22, atHead: 1 })
      expect(relay.connections - before).toBe(1)
      const config = join(folder, 'rowhouse.config.json')
      const url = server.engine === 'postgres' ? 'connectionString' : 'uri'
      const urls = { engine: server.engine, [url]: server.appUrl, migrationUrl: server.ownerUrl }
      writeFileSync(config, JSON.stringify({ ...urls, prefix: town.prefix, migrations: town.folder.path }))
      const run = async (...args: string[]): Promise<{ code: number; out: string }> => {
        let out = ''
        const code = await runProgram(['--config', config, ...args], {
          out: (text) => (out += text),
          err: (text) => (out += text),
          ask: undefined,
        })
        return { code, out }
      }
      expect(await run('status', '--check')).toEqual({
        code: 4,
        out:
          '21 at no version, 2 behind: t00, t01, t02, t03, t04 and 16 more\n' +
          `1 at head (${V[1]})\n22 tenants\n`,
      })
      expect((await run('status', '--verbose')).out).toContain('t20, t21\n')
      expect((await run('status', 't07')).out).toMatch(/^tenant +schema .*\nt07 .* 20200102000000 +0 +-\n$/)
      expect(JSON.parse((await run('--json', 'status')).out)).toMatchObject({ tenants: 22, atHead: 1 })
      await town.tenancy.migrateAll().report()
      expect(await run('status', '--check')).toEqual({ code: 0, out: `22 at head (${V[1]})\n22 tenants\n` })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
