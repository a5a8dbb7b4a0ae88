import { setTimeout as sleep } from 'node:timers/promises'
import { createDirectory } from '../../src/request/directory'
import type { DirectoryEntry, DirectoryOptions } from '../../src/request/directory'
import { TenantContext } from '../../src/tenant/context'
import { schemaNameOf } from '../../src/tenant/schema-name'
import { parseTenantId } from '../../src/tenant/tenant-id'
import type { TenantId } from '../../src/tenant/tenant-id'

type Entry = DirectoryEntry<{ name: string }>

const acme = parseTenantId('acme')
const entryOf = (name: string): Entry => ({ state: 'active', record: { name } })

/** A directory over a changeable set of tenants, and the ids it asked for. */
function setUp(
  tenants: Record<string, Entry> = { acme: entryOf('Acme') },
  options: Partial<DirectoryOptions<unknown>> = {},
) {
  const asked: string[] = []
  const lookup = async (id: TenantId) => {
    asked.push(id)
    await Promise.resolve()
    return tenants[id]
  }
  const { ttlMs, negativeTtlMs, maxEntries } = options
  return { asked, tenants, directory: createDirectory({ lookup, ttlMs, negativeTtlMs, maxEntries }) }
}

/** A directory whose lookups end when the test says so. */
function setUpByHand() {
  const flights: { resolve: (entry: Entry | undefined) => void; reject: (error: Error) => void }[] = []
  const directory = createDirectory<{ name: string }>({
    lookup: () => new Promise((resolve, reject) => flights.push({ resolve, reject })),
  })
  return { flights, directory }
}

test('a tenant is looked up once and remembered', async () => {
  const { directory, asked } = setUp()
  expect(await directory.find(acme)).toEqual(entryOf('Acme'))
  expect(await directory.find(acme)).toEqual(entryOf('Acme'))
  expect(asked).toEqual(['acme'])
})

test('that there is no such tenant is remembered, too', async () => {
  const { directory, asked } = setUp({})
  expect(await directory.find(acme)).toBeUndefined()
  expect(await directory.find(acme)).toBeUndefined()
  expect(asked).toEqual(['acme'])
})

test('fifty requests at once cause one lookup', async () => {
  const { directory, flights } = setUpByHand()
  const finds = Array.from({ length: 50 }, () => directory.find(acme))
  await sleep(1)
  expect(flights).toHaveLength(1)
  flights[0]!.resolve(entryOf('Acme'))
  expect(new Set(await Promise.all(finds)).size).toBe(1)
})

test('lookups of different tenants do not wait for each other', async () => {
  const { directory, flights } = setUpByHand()
  const slow = directory.find(acme)
  const fast = directory.find(parseTenantId('globex'))
  flights[1]!.resolve(entryOf('Globex'))
  expect(await fast).toEqual(entryOf('Globex'))
  flights[0]!.resolve(entryOf('Acme'))
  expect(await slow).toEqual(entryOf('Acme'))
})

test('a failed lookup rejects all who wait with its own error, and the next request asks again', async () => {
  const { directory, flights } = setUpByHand()
  const finds = Array.from({ length: 50 }, () => directory.find(acme))
  const failure = new Error('connection refused')
  flights[0]!.reject(failure)
  const results = await Promise.allSettled(finds)
  expect(results.every((result) => result.status === 'rejected' && result.reason === failure)).toBe(true)
  const again = directory.find(acme)
  flights[1]!.resolve(entryOf('Acme'))
  expect(await again).toEqual(entryOf('Acme'))
})

test('a lookup that throws at once rejects, too', async () => {
  const directory = createDirectory({
    lookup: () => {
      throw new Error('at once')
    },
  })
  await expect(directory.find(acme)).rejects.toThrow('at once')
})

test('a forgotten tenant is looked up again', async () => {
  const { directory, asked, tenants } = setUp()
  await directory.find(acme)
  tenants.acme = { state: 'suspended', record: { name: 'Acme' } }
  directory.forget(acme)
  expect((await directory.find(acme))?.state).toBe('suspended')
  delete tenants.acme
  directory.clear()
  expect(await directory.find(acme)).toBeUndefined()
  tenants.acme = entryOf('Acme')
  directory.forget(acme)
  expect(await directory.find(acme)).toEqual(entryOf('Acme'))
  expect(asked).toHaveLength(4)
})

test.each(['forget', 'clear'] as const)('a lookup that %s() overtakes is not remembered', async (method) => {
  const { directory, flights } = setUpByHand()
  const before = directory.find(acme)
  directory[method](acme)
  const after = directory.find(acme)
  expect(flights).toHaveLength(2)
  flights[1]!.resolve(entryOf('new'))
  expect(await after).toEqual(entryOf('new'))
  flights[0]!.resolve(undefined)
  expect(await before).toBeUndefined()
  expect(await directory.find(acme)).toEqual(entryOf('new'))
  expect(flights).toHaveLength(2)
})

test('a failed lookup that was overtaken leaves the one after it alone', async () => {
  const { directory, flights } = setUpByHand()
  const before = directory.find(acme)
  directory.forget(acme)
  const after = directory.find(acme)
  flights[0]!.reject(new Error('late'))
  await expect(before).rejects.toThrow('late')
  const joined = directory.find(acme)
  flights[1]!.resolve(entryOf('new'))
  expect([await after, await joined]).toEqual([entryOf('new'), entryOf('new')])
  expect(flights).toHaveLength(2)
})

test('a scan of unknown ids does not push the tenants out', async () => {
  const { directory, asked } = setUp(undefined, { maxEntries: 10 })
  await directory.find(acme)
  for (let n = 0; n < 1000; n++) await directory.find(parseTenantId(`made-up-${n}`))
  asked.length = 0
  expect(await directory.find(acme)).toEqual(entryOf('Acme'))
  expect(asked).toEqual([])
})

test('the tenant that was not asked for the longest goes first', async () => {
  const tenants = { a: entryOf('a'), b: entryOf('b'), c: entryOf('c') }
  const { directory, asked } = setUp(tenants, { maxEntries: 2 })
  const find = (id: string) => directory.find(parseTenantId(id))
  for (const id of ['a', 'b', 'a', 'c']) await find(id)
  asked.length = 0
  for (const id of ['a', 'c', 'b']) await find(id)
  expect(asked).toEqual(['b'])
})

test('a time to live of 0 asks every time, instead of never again', async () => {
  const { directory, asked } = setUp(undefined, { ttlMs: 0, negativeTtlMs: 0 })
  for (let n = 0; n < 3; n++) await directory.find(acme)
  for (let n = 0; n < 3; n++) await directory.find(parseTenantId('nobody'))
  expect(asked).toHaveLength(6)
})

test('a tenant is asked for again after its time to live, an unknown id sooner', async () => {
  const { directory, asked } = setUp(undefined, { ttlMs: 400, negativeTtlMs: 30 })
  const nobody = parseTenantId('nobody')
  await Promise.all([directory.find(acme), directory.find(nobody)])
  await sleep(60)
  await Promise.all([directory.find(acme), directory.find(nobody)])
  expect(asked).toEqual(['acme', 'nobody', 'nobody'])
  await sleep(400)
  await directory.find(acme)
  expect(asked).toEqual(['acme', 'nobody', 'nobody', 'acme'])
})

test('a lookup runs outside of any tenant, and who waits for it keeps his own', async () => {
  const context = new TenantContext('default')
  const scopes: unknown[] = []
  const directory = createDirectory({
    lookup: async () => {
      scopes.push(context.scope())
      await sleep(1)
      scopes.push(context.scope())
      return entryOf('Acme')
    },
  })
  const schema = schemaNameOf(acme, { prefix: 'tenant_', limit: { max: 63, unit: 'bytes' } })
  await context.run({ id: acme, schema }, async () => {
    await directory.find(acme)
    expect(context.current()?.id).toBe('acme')
  })
  expect(scopes).toEqual([undefined, undefined])
})

test('a lookup that never ends is given up, and the next one asks anew', async () => {
  let isHanging = true
  const directory = createDirectory({
    lookup: () => (isHanging ? new Promise<never>(() => {}) : Promise.resolve(entryOf('Acme'))),
    timeoutMs: 20,
  })
  const waiting = [directory.find(acme), directory.find(acme)]
  for (const one of waiting) {
    await expect(one).rejects.toMatchObject({
      code: 'ROWHOUSE_DIRECTORY_TIMEOUT',
      status: 503,
      tenant: 'acme',
    })
  }
  isHanging = false
  expect(await directory.find(acme)).toEqual(entryOf('Acme'))
})

test.each([
  { maxEntries: Infinity },
  { maxEntries: '500' as never },
  { maxEntries: 1.5 },
  { ttlMs: Infinity },
  { negativeTtlMs: 0.5 },
])('%p is refused where the directory is made, and not by each request', (options) => {
  expect(() => setUp({}, options)).toThrow(
    expect.objectContaining({
      code: 'ROWHOUSE_CONFIG',
      message: expect.stringContaining(Object.keys(options)[0]!),
    }),
  )
})
