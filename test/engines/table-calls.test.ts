import type { Generated } from 'kysely'
import { TableCalls } from '../../src/explicit/table-calls'
import { TenantTables } from '../../src/explicit/tenant-tables'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

interface Tables {
  widgets: { id: Generated<number>; name: string; widget_type_id: number | null }
  codes: { code: string; note: string | null }
}

const NOT_FOUND = { code: 'ROWHOUSE_ROW_NOT_FOUND', status: 404, tenant: 'acme' }
const CONFIG = { code: 'ROWHOUSE_CONFIG' }

describe.each(ENGINE_SERVERS)('tenancy.for on $name', (server) => {
  let town: EngineTown
  beforeAll(async () => {
    town = new EngineTown(server, 'tables')
    for (const id of ['acme', 'globex']) await town.tenancy.create(id)
    for (const id of ['acme', 'globex']) {
      await town.asOwner('create table codes (code varchar(20) primary key, note varchar(20) unique)', id)
      if (server.engine === 'postgres') await town.asOwner('grant all on codes to public', id)
    }
  })
  afterAll(() => town.close())
  afterEach(async () => {
    for (const id of ['acme', 'globex'])
      for (const table of ['widgets', 'codes']) await town.asOwner(`delete from ${table}`, id)
  })
  const acme = () => town.tenancy.for<Tables>('acme')
  const globex = () => town.tenancy.for<Tables>('globex')

  test('reads and writes rows of its tenant alone, in whoever’s context', async () => {
    const bolt = await acme().insert('widgets', { name: 'bolt' })
    expect(bolt).toMatchObject({ id: expect.any(Number), name: 'bolt', widget_type_id: null })
    const nut = await town.tenancy.run('globex', () => acme().insert('widgets', { name: 'nut' }))
    await globex().insert('widgets', { name: 'other' })
    expect(await acme().get('widgets', bolt.id)).toEqual(bolt)
    expect(
      await town.tenancy.withoutTenant(() => acme().all('widgets', {}, { orderBy: { id: 'asc' } })),
    ).toEqual([bolt, nut])
    expect([await town.kept('acme'), await town.kept('globex')]).toEqual([['bolt', 'nut'], ['other']])
  })

  test('finds by key, by values, by lists and by null', async () => {
    const [a, b, c] = await acme().insert('widgets', [{ name: 'a' }, { name: 'b' }, { name: 'c' }])
    const handle = acme()
    expect(await handle.getOrFail('widgets', a!.id)).toEqual(a)
    expect(await handle.get('widgets', 99_999_999)).toBeUndefined()
    expect(await handle.getBy('widgets', { name: 'b' })).toEqual(b)
    expect(await handle.getBy('widgets', { name: 'z' })).toBeUndefined()
    expect(await handle.getByOrFail('widgets', { name: 'c', widget_type_id: null })).toEqual(c)
    expect(await handle.one('widgets', { name: ['a', 'z'] })).toEqual(a)
    expect(await handle.all('widgets', { name: [] })).toEqual([])
    expect(await handle.all('widgets', { widget_type_id: [1, null] })).toHaveLength(3)
    expect(await handle.all('widgets', {}, { orderBy: { name: 'desc' }, limit: 2 })).toEqual([c, b])
    expect(await handle.all('widgets', {}, { orderBy: { name: 'desc' }, offset: 2 })).toEqual([a])
    expect(await handle.all('widgets', {}, { limit: 0 })).toEqual([])
  })

  test('says so where there is no row, or more than one', async () => {
    const handle = acme()
    await handle.insert('widgets', [{ name: 'a' }, { name: 'a' }])
    for (const fails of [
      () => handle.getOrFail('widgets', 0),
      () => handle.getByOrFail('widgets', { name: 'z' }),
      () => handle.oneOrFail('widgets', { name: 'z' }),
      () => handle.update('widgets', 0, { name: 'b' }),
      () => handle.delete('widgets', 0),
    ])
      await expect(fails()).rejects.toMatchObject({ ...NOT_FOUND, table: 'widgets' })
    for (const fails of [() => handle.getBy('widgets', { name: 'a' }), () => handle.one('widgets')])
      await expect(fails()).rejects.toMatchObject({ code: 'ROWHOUSE_SEVERAL_ROWS', tenant: 'acme' })
    // What was looked for may be a secret.
    await expect(handle.getByOrFail('widgets', { name: 'hunter2' })).rejects.not.toThrow(/hunter2/)
    expect(await town.kept('acme')).toEqual(['a', 'a'])
  })

  test('changes and deletes one row, or all that are found', async () => {
    const handle = acme()
    const [a, b] = await handle.insert('widgets', [{ name: 'a' }, { name: 'b' }, { name: 'c' }])
    await globex().insert('widgets', { name: 'a' })
    expect(await handle.update('widgets', a!.id, { name: 'A' })).toEqual({ ...a, name: 'A' })
    // The same values are a change, too.
    expect(await handle.update('widgets', a!.id, { name: 'A' })).toEqual({ ...a, name: 'A' })
    expect(await handle.updateAll('widgets', { name: ['b', 'c'] }, { name: 'x' })).toBe(2)
    expect(await handle.delete('widgets', b!.id)).toEqual({ ...b, name: 'x' })
    expect(await handle.deleteAll('widgets', { name: 'x' })).toBe(1)
    expect(await town.kept('acme')).toEqual(['A'])
    expect(await handle.updateAll('widgets', {}, { name: 'all' })).toBe(1)
    expect(await handle.deleteAll('widgets', {})).toBe(1)
    expect([await town.kept('acme'), await town.kept('globex')]).toEqual([[], ['a']])
  })

  test('inserts or updates by key, also where the key is another column', async () => {
    const handle = acme()
    const key = { key: 'code' } as const
    expect(await handle.insertOrUpdate('codes', { code: 'a', note: 'one' }, key)).toEqual({
      code: 'a',
      note: 'one',
    })
    expect(await handle.insertOrUpdate('codes', { code: 'a', note: 'two' }, key)).toEqual({
      code: 'a',
      note: 'two',
    })
    expect(await handle.insertOrUpdate('codes', { code: 'a' }, key)).toEqual({ code: 'a', note: 'two' })
    const bolt = await handle.insertOrUpdate('widgets', { name: 'bolt' })
    expect(await handle.insertOrUpdate('widgets', { id: bolt.id, name: 'nut' })).toEqual({
      ...bolt,
      name: 'nut',
    })
    expect(await handle.get('codes', 'a', key)).toEqual({ code: 'a', note: 'two' })
    expect(await handle.update('codes', 'a', { code: 'b' }, key)).toEqual({ code: 'b', note: 'two' })
    expect(await handle.delete('codes', 'b', key)).toEqual({ code: 'b', note: 'two' })
    expect(await town.kept('acme')).toEqual(['nut'])
  })

  test('works as well where the server returns no rows of what it writes', async () => {
    const { tenancy } = town
    const engine = (tenancy as unknown as { engine: { send: never } }).engine
    const parts = new TableCalls(server.engine, engine).partsFor((work) => tenancy.run('acme', work))
    const plain = new TenantTables<Tables>({
      ...parts,
      tenant: 'acme',
      returning: async () => new Set(),
      transaction: (work) => tenancy.run('acme', () => tenancy.transaction(work)),
    })
    // PostgreSQL tells no generated key without RETURNING.
    if (server.engine === 'postgres') return
    const [a, b] = await plain.insert('widgets', [{ name: 'a' }, { name: 'b' }])
    expect([a!.name, b!.name, b!.id > a!.id]).toEqual(['a', 'b', true])
    expect(await plain.insert('codes', { code: 'x', note: 'n' }, { key: 'code' })).toEqual({
      code: 'x',
      note: 'n',
    })
    expect(await plain.insertOrUpdate('widgets', { id: a!.id, name: 'A' })).toEqual({ ...a, name: 'A' })
    expect((await plain.insertOrUpdate('widgets', { name: 'c' })).name).toBe('c')
    expect(await plain.update('widgets', b!.id, { name: 'B' })).toEqual({ ...b, name: 'B' })
    expect(await plain.delete('widgets', b!.id)).toEqual({ ...b, name: 'B' })
    await expect(plain.delete('widgets', b!.id)).rejects.toMatchObject(NOT_FOUND)
    expect(await town.kept('acme')).toEqual(['A', 'c'])
  })

  test('a table of another schema can not be named, nor a column be anything but a name', async () => {
    const other = `${town.schema('globex')}.widgets`
    await globex().insert('widgets', { name: 'secret' })
    const handle = town.tenancy.for('acme')
    for (const name of [
      other,
      `widgets as ${other}`,
      'widgets w',
      '',
      'a\0b',
      undefined,
      7,
      { toString: () => other },
    ]) {
      for (const fails of [
        () => handle.all(name as string),
        () => handle.insert(name as string, { name: 'x' }),
        () => handle.updateAll(name as string, {}, { name: 'x' }),
        () => handle.deleteAll(name as string, {}),
        () => handle.all('widgets', { [name as string]: 1 }),
        () => handle.all('widgets', {}, { orderBy: { [name as string]: 'asc' } }),
      ])
        await expect(fails()).rejects.toMatchObject({ name: expect.any(String) })
    }
    const odd = 'x"; drop table widgets; -- '.replaceAll(' ', '')
    await expect(handle.all(odd)).rejects.toThrow(/exist/)
    await expect(handle.all('widgets', { [odd]: 1 })).rejects.toThrow()
    await expect(handle.all('`x`')).rejects.toThrow(/exist/)
    expect(await town.kept('globex')).toEqual(['secret'])
    expect(await town.kept('acme')).toEqual([])
  })

  test('values are never SQL, whatever a request body holds, and what is missing is not every row', async () => {
    const handle = town.tenancy.for('acme')
    await handle.insert('widgets', [{ name: 'a' }, { name: "b'; drop table widgets; --" }])
    for (const hostile of [
      undefined,
      { name: 1 },
      { id: 1 },
      [{ id: 1 }],
      [undefined],
      () => 1,
      Symbol('x'),
    ]) {
      for (const fails of [
        () => handle.getBy('widgets', { name: hostile }),
        () => handle.deleteAll('widgets', { name: hostile }),
        () => handle.updateAll('widgets', { name: hostile }, { name: 'x' }),
        () => handle.get('widgets', hostile),
        () => handle.delete('widgets', hostile),
      ])
        await expect(fails()).rejects.toMatchObject(CONFIG)
    }
    for (const fails of [
      () => handle.delete('widgets', [1, 2]),
      () => handle.deleteAll('widgets', undefined as never),
      () => handle.deleteAll('widgets', null as never),
      () => handle.deleteAll('widgets', [] as never),
      () => handle.updateAll('widgets', {}, {}),
      () => handle.updateAll('widgets', {}, { name: undefined }),
      () => handle.all('widgets', {}, { limit: -1 }),
      () => handle.all('widgets', {}, { limit: '1; drop table widgets' as never }),
      () => handle.all('widgets', {}, { orderBy: { name: 'asc; drop table widgets' as never } }),
    ])
      await expect(fails().then(() => fails.toString())).rejects.toMatchObject(CONFIG)
    expect(await handle.getBy('widgets', { name: "b'; drop table widgets; --" })).toBeDefined()
    expect(await town.kept('acme')).toHaveLength(2)
  })

  test('is part of a transaction of its tenant, and refused in one of another', async () => {
    const failing = acme().transaction(async () => {
      await acme().insert('widgets', { name: 'a' })
      await acme().update('widgets', (await acme().oneOrFail('widgets')).id, { name: 'b' })
      expect(await town.kept('acme')).toEqual([])
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    const other = globex().transaction(async () => {
      await globex().insert('widgets', { name: 'g' })
      await acme().insert('widgets', { name: 'a' })
    })
    await expect(other).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_MISMATCH', tenant: 'globex' })
    const within = globex().transaction(() => acme().transaction(async () => {}))
    await expect(within).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_MISMATCH' })
    expect([await town.kept('acme'), await town.kept('globex')]).toEqual([[], []])
  })

  test('query, run, id and schema', async () => {
    const handle = acme()
    expect([handle.id, handle.schema]).toEqual(['acme', town.schema('acme')])
    await handle.run(() => town.insert('a'))
    expect(await town.names({ query: handle.query as never })).toEqual(['a'])
    expect(() => town.tenancy.for('No Such')).toThrow(
      expect.objectContaining({ code: 'ROWHOUSE_TENANT_ID_INVALID' }),
    )
    await expect(town.tenancy.for('nobody').all('widgets')).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
    })
  })

  test('interleaved calls of two tenants meet their own rows', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const id = at % 2 === 0 ? 'acme' : 'globex'
        const handle = town.tenancy.for<Tables>(id)
        const row = await handle.insert('widgets', { name: `${id} ${at}` })
        await handle.update('widgets', row.id, { name: `${id} ${at}!` })
        expect((await handle.getOrFail('widgets', row.id)).name).toBe(`${id} ${at}!`)
        if (at % 4 === 0) await handle.delete('widgets', row.id)
      }),
    )
    for (const [id, count] of [
      ['acme', 10],
      ['globex', 20],
    ] as const) {
      const names = await town.kept(id)
      expect([names.length, names.every((name) => name.startsWith(id))]).toEqual([count, true])
    }
  })
})
