import { ConfigError } from '../../src/errors'
import { toLookup } from '../../src/request/to-lookup'
import { parseTenantId } from '../../src/tenant/tenant-id'

const acme = parseTenantId('acme')

test("the application's record goes through as it is", async () => {
  const record = { id: 7, plan: 'gold' }
  const entry = await toLookup((id) => (id === acme ? record : undefined))(acme)
  expect(entry?.state).toBe('active')
  expect(entry?.record).toBe(record)
})

test.each([undefined, null])('%p says that there is no such tenant', async (nothing) => {
  expect(await toLookup(async () => nothing)(acme)).toBeUndefined()
})

test.each([
  [{ suspended: true }, 'suspended'],
  [{ suspended: 1 }, 'suspended'],
  [{ suspended: new Date(0) }, 'suspended'],
  [{ suspended: false }, 'active'],
  [{ suspended: 0 }, 'active'],
  [{ suspended: null }, 'active'],
  [{}, 'active'],
])('the record %p is of a tenant that is %s', async (record, state) => {
  expect((await toLookup<object>(() => record)(acme))?.state).toBe(state)
})

test('an application may say itself which tenants are suspended', async () => {
  const lookup = toLookup(
    async () => ({ status: 'unpaid', suspended: false }),
    ({ status }) => status === 'unpaid',
  )
  expect((await lookup(acme))?.state).toBe('suspended')
})

test.each([
  [[], 'an array'],
  [[{ id: 1 }], 'an array'],
  [true, 'a boolean'],
  ['acme', 'a string'],
])('the answer %p is refused: it does not say which tenant exists', async (answer, seen) => {
  const error = await toLookup(() => answer as object)(acme).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ConfigError)
  expect((error as Error).message).toContain(`returned ${seen}`)
})
