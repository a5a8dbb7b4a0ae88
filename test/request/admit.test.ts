import {
  ConfigError,
  TenantForbiddenError,
  TenantIdError,
  TenantNotFoundError,
  TenantSuspendedError,
  TenantUnresolvedError,
} from '../../src/errors'
import type { RowhouseError } from '../../src/errors'
import { createAdmit } from '../../src/request/admit'
import type { AdmitOptions } from '../../src/request/admit'
import { createDirectory } from '../../src/request/directory'
import { fromHeader } from '../../src/request/from-header'
import { fromRequest } from '../../src/request/from-request'
import type { RequestLike } from '../../src/request/request-like'
import type { TestRecord } from './parts'
import { createParts, lookup } from './parts'

type Options = AdmitOptions<RequestLike, TestRecord>

const resolve = fromHeader('x-tenant-id')
const requestFor = (tenant?: string): RequestLike => ({ headers: { 'x-tenant-id': tenant } })

function admit(tenant: string | undefined, options: Partial<Options> = {}) {
  return createAdmit({ resolve, trustResolution: true, ...options }, createParts())(requestFor(tenant))
}

async function refusal(tenant: string | undefined, options?: Partial<Options>): Promise<RowhouseError> {
  return admit(tenant, options).then(
    () => {
      throw new Error('was admitted')
    },
    (error: RowhouseError) => error,
  )
}

test('a known tenant is admitted with its schema and its record', async () => {
  expect(await admit('acme')).toEqual({ id: 'acme', schema: 'tenant_acme', record: { name: 'ACME' } })
})

describe('a tenant that anyone can type', () => {
  test('is an error when the middleware is made, unless somebody authorises it or it is said to be certain', () => {
    expect(() => createAdmit({ resolve }, createParts())).toThrow(ConfigError)
    expect(() => createAdmit({ resolve }, createParts())).toThrow(
      /header "x-tenant-id".*authorize.*trustResolution/,
    )
    const falsy = { resolve, trustResolution: false } as unknown as Options
    expect(() => createAdmit(falsy, createParts())).toThrow(ConfigError)
    createAdmit({ resolve, trustResolution: true }, createParts())
    createAdmit({ resolve, authorize: () => true }, createParts())
  })

  test('needs neither when somebody vouched for it', async () => {
    const trusted = fromRequest(() => 'acme', { trust: 'trusted' })
    expect((await createAdmit({ resolve: trusted }, createParts())(requestFor()))?.id).toBe('acme')
  })
})

test('every mistake in the options is named at once', () => {
  const wrong = {
    resolve: () => 'acme',
    suspended: 404,
    notAuthorized: 401,
    retryAfterSeconds: -1,
    authorize: true,
  }
  const make = () => createAdmit(wrong as unknown as Options, createParts())
  expect(make).toThrow(/`resolve`.*`authorize`.*`suspended`.*`notAuthorized`.*`retryAfterSeconds`/)
  expect(() => createAdmit({} as Options, createParts())).toThrow(ConfigError)
})

describe('without a tenant', () => {
  test.each([undefined, ''])('a request (%p) gets 400 and is told where to name one', async (nothing) => {
    const error = await refusal(nothing)
    expect(error).toBeInstanceOf(TenantUnresolvedError)
    expect(error.status).toBe(400)
    expect(error.message).toContain('header "x-tenant-id"')
  })

  test('a request goes on where none is required', async () => {
    expect(await admit(undefined, { required: false })).toBeUndefined()
  })

  test('a wrong tenant is refused even where none is required', async () => {
    expect((await refusal('gone', { required: false })).status).toBe(404)
    expect((await refusal('../public', { required: false })).status).toBe(404)
    expect((await refusal('acme, globex', { required: false })).status).toBe(400)
  })
})

describe('an unknown tenant', () => {
  test('gets 404', async () => {
    const error = await refusal('gone')
    expect(error).toBeInstanceOf(TenantNotFoundError)
    expect(error.status).toBe(404)
  })

  test.each([
    'Acme',
    'public',
    'pg_catalog',
    '..',
    'a"b',
    'a\0b',
    'a'.repeat(57),
    'a'.repeat(100_000),
    '\ud800',
    '\u0430cme',
    '-',
  ])('and an id that none can have get the same answer (%#)', async (hostile) => {
    const error = await refusal(hostile)
    expect(error).toBeInstanceOf(TenantNotFoundError)
    expect(error.cause).toBeInstanceOf(TenantIdError)
    const unknown = await refusal('gone')
    expect([error.message, error.status, error.code]).toEqual([unknown.message, unknown.status, unknown.code])
  })

  test('and a hostile value of another type get the same answer', async () => {
    for (const value of [['acme'], { id: {} }, { toString: () => 'acme' }, -1, 1.5, NaN, true]) {
      const fromBody = fromRequest(() => value as unknown as string, { trust: 'trusted' })
      await expect(createAdmit({ resolve: fromBody }, createParts())(requestFor())).rejects.toBeInstanceOf(
        TenantNotFoundError,
      )
    }
  })

  test('is not asked about: authorize sees only tenants that exist', async () => {
    const authorize = jest.fn(() => true)
    await refusal('gone', { authorize })
    await refusal('public', { authorize })
    expect(authorize).not.toHaveBeenCalled()
  })
})

describe('authorize', () => {
  test('gets the request and the tenant with its record, and may answer later', async () => {
    const authorize = jest.fn(async () => true)
    expect((await admit('acme', { authorize }))?.id).toBe('acme')
    expect(authorize).toHaveBeenCalledWith(requestFor('acme'), {
      id: 'acme',
      schema: 'tenant_acme',
      record: { name: 'ACME' },
    })
  })

  test('refuses with what an unknown tenant gets, down to the last property', async () => {
    const error = await refusal('acme', { authorize: () => false })
    const unknown = await refusal('gone', { authorize: () => false })
    expect(error.constructor).toBe(unknown.constructor)
    expect({ ...error, tenant: '' }).toEqual({ ...unknown, tenant: '' })
    expect([error.message, error.cause]).toEqual([unknown.message, unknown.cause])
  })

  test('refuses with 403 where existence is no secret', async () => {
    const error = await refusal('acme', { authorize: () => false, notAuthorized: 403 })
    expect(error).toBeInstanceOf(TenantForbiddenError)
    expect(error.status).toBe(403)
    expect((await refusal('gone', { authorize: () => false, notAuthorized: 403 })).status).toBe(404)
  })

  test.each([undefined, null, 0, 1, 'yes', {}, Promise.resolve('yes')])(
    'only true admits, not %p',
    async (answer) => {
      expect((await refusal('acme', { authorize: () => answer as boolean })).status).toBe(404)
    },
  )

  test.each([
    [
      'throws',
      () => {
        throw new RangeError('session store is down')
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('session store is down'))],
  ])('that %s passes its own error on', async (_how, authorize) => {
    await expect(admit('acme', { authorize })).rejects.toEqual(new RangeError('session store is down'))
  })

  test('comes also where the name is said to be certain', async () => {
    expect((await refusal('acme', { trustResolution: true, authorize: () => false })).status).toBe(404)
  })
})

describe('a suspended tenant', () => {
  test('gets 403 by default, and no time to come back', async () => {
    const error = await refusal('sus')
    expect(error).toBeInstanceOf(TenantSuspendedError)
    expect(error).toMatchObject({ status: 403, retryAfterSeconds: undefined })
  })

  test('gets 503 with a time to come back where that is chosen', async () => {
    expect(await refusal('sus', { suspended: 503 })).toMatchObject({ status: 503, retryAfterSeconds: 60 })
    expect(await refusal('sus', { suspended: 503, retryAfterSeconds: 0 })).toMatchObject({
      retryAfterSeconds: 0,
    })
    expect(await refusal('sus', { suspended: 403, retryAfterSeconds: 5 })).toMatchObject({
      retryAfterSeconds: undefined,
    })
  })

  test('looks unknown to a caller who may not use it', async () => {
    expect((await refusal('sus', { authorize: () => false })).code).toBe('ROWHOUSE_TENANT_NOT_FOUND')
    expect((await refusal('sus', { authorize: () => true })).code).toBe('ROWHOUSE_TENANT_SUSPENDED')
  })
})

test('an error of the lookup or of the resolver goes through as it is', async () => {
  const failure = new Error('connection refused')
  const broken = createParts({
    directory: createDirectory<TestRecord>({ lookup: () => Promise.reject(failure) }),
  })
  await expect(createAdmit({ resolve, trustResolution: true }, broken)(requestFor('acme'))).rejects.toBe(
    failure,
  )
  const throwing = fromRequest(
    () => {
      throw failure
    },
    { trust: 'trusted' },
  )
  await expect(createAdmit({ resolve: throwing }, createParts())(requestFor())).rejects.toBe(failure)
})

test('a mistake in the option validate is not taken for an unknown tenant', async () => {
  const parts = createParts({
    parse: () => {
      throw new TypeError('id.foo is not a function')
    },
  })
  await expect(
    createAdmit({ resolve, trustResolution: true }, parts)(requestFor('acme')),
  ).rejects.toBeInstanceOf(TypeError)
})

test('requests for one tenant at the same time share one lookup', async () => {
  const counted = jest.fn(lookup)
  const parts = createParts({ directory: createDirectory({ lookup: counted }) })
  const admitAll = createAdmit({ resolve, trustResolution: true }, parts)
  await Promise.all(Array.from({ length: 50 }, () => admitAll(requestFor('acme'))))
  expect(counted).toHaveBeenCalledTimes(1)
})

describe('a tenant that is being migrated', () => {
  test('is served by default, and nobody asks', async () => {
    const readProgress = jest.fn()
    const parts = createParts({ readProgress })
    const served = createAdmit({ resolve, trustResolution: true }, parts)
    expect((await served(requestFor('busy')))?.id).toBe('busy')
    expect(readProgress).not.toHaveBeenCalled()
  })

  test('is answered 503 where the route says so, to who may use it', async () => {
    expect(await refusal('busy', { migrating: 503 })).toMatchObject({
      code: 'ROWHOUSE_TENANT_MIGRATING',
      ...{ status: 503, tenant: 'busy', retryAfterSeconds: 5 },
    })
    expect(await refusal('busy', { migrating: 503, retryAfterSeconds: 9 })).toMatchObject({
      retryAfterSeconds: 9,
    })
    expect(await refusal('busy', { migrating: 503, authorize: () => false })).toMatchObject({ status: 404 })
    expect((await admit('acme', { migrating: 503 }))?.id).toBe('acme')
  })

  test('its version is there where the route asks for it', async () => {
    expect((await admit('busy', { schemaVersion: true }))?.schemaVersion).toBe(20200101000000)
    expect(await admit('acme')).not.toHaveProperty('schemaVersion')
  })

  test('another status is refused', () => {
    const wrong = { resolve, trustResolution: true, migrating: 500 } as unknown as Options
    expect(() => createAdmit(wrong, createParts())).toThrow(/`migrating` is 503/)
  })
})
