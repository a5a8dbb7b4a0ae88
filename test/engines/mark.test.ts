import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../src/cli/program'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

const [TYPES, WIDGETS] = [20200101000000, 20200102000000] as const

describe.each(ENGINE_SERVERS)('marking migrations on $name', (server) => {
  let town: EngineTown
  afterEach(() => town.close())

  function open(title: string): void {
    town = new EngineTown(server, `mark ${title}`)
  }
  async function tables(id: string): Promise<string[]> {
    const rows = await town.asOwner(
      `select table_name as name from information_schema.tables where table_schema = '${town.schema(id)}'`,
    )
    return rows
      .map(({ name }) => name as string)
      .filter((name) => name.startsWith('widget'))
      .sort()
  }

  test('the books change, and nothing else', async () => {
    open('books')
    for (const id of ['a', 'b']) await town.tenancy.create(id)
    const status = { status: 'ok', tenant: 'a', prefix: town.schema('a') }
    expect(await town.tenancy.mark('a', WIDGETS, 'reverted')).toEqual({
      ...{ ...status, direction: 'down', versions: [WIDGETS] },
    })
    expect((await town.tenancy.status('a')).versions).toEqual([TYPES])
    expect(await tables('a')).toEqual(['widget_types', 'widgets'])
    // Its table is there, so that to run it fails.
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_FAILED' })
    expect((await town.tenancy.status('b')).versions).toEqual([TYPES, WIDGETS])
  })

  test('what is marked applied is not run, and can be reverted', async () => {
    open('applied')
    await town.tenancy.create('a', { migrate: false })
    await town.asOwner('create table widget_types (id int primary key)', 'a')
    expect(await town.tenancy.mark('a', String(TYPES), 'applied')).toMatchObject({ direction: 'up' })
    expect((await town.tenancy.status('a')).versions).toEqual([TYPES])
    expect(await town.tenancy.migrate('a', { steps: 1 })).toMatchObject({ versions: [WIDGETS] })
    expect((await town.tenancy.status('a')).versions).toEqual([TYPES, WIDGETS])
    expect(await town.tenancy.statusAll()).toMatchObject({ atHead: 1 })
    await town.tenancy.rollback('a', { all: true })
    expect(await tables('a')).toEqual([])
  })

  test('refusals change nothing', async () => {
    open('refused')
    await town.tenancy.create('a')
    const refused = { code: 'ROWHOUSE_MIGRATION_TARGET' }
    const { tenancy } = town
    await expect(tenancy.mark('a', WIDGETS, 'applied')).rejects.toMatchObject({ ...refused, tenant: 'a' })
    await expect(tenancy.mark('a', 20190101000000, 'applied')).rejects.toMatchObject(refused)
    await expect(tenancy.mark('a', 20190101000000, 'reverted')).rejects.toMatchObject(refused)
    await expect(tenancy.mark('nobody', WIDGETS, 'applied')).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
    })
    await expect(tenancy.mark('a', WIDGETS, 'gone' as 'applied')).rejects.toMatchObject({
      code: 'ROWHOUSE_CONFIG',
    })
    expect((await tenancy.status('a')).versions).toEqual([TYPES, WIDGETS])
    await town.asOwner('drop table schema_migrations', 'a')
    await town.asOwner('create table schema_migrations (version bigint)', 'a')
    await expect(tenancy.mark('a', WIDGETS, 'applied')).rejects.toMatchObject(refused)
    expect(await town.asOwner('select * from schema_migrations', 'a')).toEqual([])
  })

  test('it waits for whoever migrates the tenant', async () => {
    open('locked')
    await town.tenancy.create('a')
    const impatient = new EngineTown(server, 'mark locked', { prefix: town.prefix, lockTimeoutMs: 100 })
    const worker = await town.tenancy['engine'].openWorker()
    const { id, schema } = town.tenancy['nameOf']('a')
    await worker.withLock(schema, id, () =>
      expect(impatient.tenancy.mark('a', WIDGETS, 'reverted')).rejects.toMatchObject({
        code: 'ROWHOUSE_MIGRATION_LOCKED',
      }),
    )
    await worker.close()
    expect(await impatient.tenancy.mark('a', WIDGETS, 'reverted')).toMatchObject({ versions: [WIDGETS] })
    await impatient.tenancy.close()
    impatient.folder.remove()
  })

  test('the CLI asks, goes on behind a refusal, and wants one of the two flags', async () => {
    open('cli')
    for (const id of ['a', 'b', 'c']) await town.tenancy.create(id)
    await town.tenancy.mark('b', WIDGETS, 'reverted')
    const folder = mkdtempSync(join(tmpdir(), 'rowhouse-cli-'))
    const config = join(folder, 'rowhouse.config.json')
    const url = server.engine === 'postgres' ? 'connectionString' : 'uri'
    const urls = { engine: server.engine, [url]: server.appUrl, migrationUrl: server.ownerUrl }
    writeFileSync(config, JSON.stringify({ ...urls, prefix: town.prefix, migrations: town.folder.path }))
    const run = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
      let [out, err] = ['', '']
      const code = await runProgram(['--config', config, 'mark', ...args], {
        ...{ out: (text) => (out += text), err: (text) => (err += text) },
        ask: async () => 'no',
      })
      return { code, out, err }
    }
    try {
      expect(await run('a', `${WIDGETS}`)).toMatchObject({ code: 2, err: expect.stringMatching(/--applied/) })
      expect(await run('a', '--applied')).toMatchObject({ code: 2, err: expect.stringMatching(/14 digits/) })
      expect(await run(`${WIDGETS}`, '--applied', '--yes')).toMatchObject({ code: 2 })
      expect(await run('--all', `${WIDGETS}`, '--reverted')).toMatchObject({ code: 2 })
      expect((await town.tenancy.status('a')).versions).toEqual([TYPES, WIDGETS])
      const all = await run('--all', `${WIDGETS}`, '--reverted', '--yes')
      expect(all.code).toBe(1)
      expect(all.out).toBe(`a: ${WIDGETS} is marked reverted\nc: ${WIDGETS} is marked reverted\n`)
      expect(all.err).toMatch(/is not applied in tenant "b"/)
      expect((await town.tenancy.statusAll()).groups).toMatchObject([{ tenants: ['a', 'b', 'c'] }])
      expect(await run('a', 'b', `${WIDGETS}`, '--applied', '--yes')).toMatchObject({ code: 0, err: '' })
      expect(await town.tenancy.statusAll()).toMatchObject({ atHead: 2 })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
