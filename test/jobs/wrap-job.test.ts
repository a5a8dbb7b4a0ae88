import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { RowhouseError } from '../../src/errors'
import { postgres } from '../../src/postgres/postgres'
import { createTenancy } from '../../src/tenancy'

const records = new Map([
  ['acme', { id: 'acme', plan: 'free' }],
  ['globex', { id: 'globex', plan: 'paid' }],
  ['sus', { id: 'sus', plan: 'free', suspended: true }],
])
/** Nobody is there: what is asked of the database fails. */
const engine = () => postgres({ connectionString: 'postgres://nobody@127.0.0.1:1/x' })
const tenancy = createTenancy({
  engine: engine(),
  directory: { find: (id) => records.get(id), ttlMs: 0, negativeTtlMs: 0 },
})
const billing = createTenancy({ engine: engine(), name: 'billing', directory: (id) => records.get(id) })

/** What a queue gives, of any tenant. */
const jobOf = (tenant: unknown) => ({ id: 7, data: { tenant } })
const currentId = () => tenancy.current()?.id
const work = tenancy.wrapJob(async (_job: unknown) => {
  await sleep(1)
  return currentId()
})

/** Code of what it rejects with; fails where it resolves. */
async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (error instanceof RowhouseError) return error.code
    throw error
  }
  throw new Error('It was run.')
}

test('a job runs as its tenant, with the record of the directory, wherever the worker was started', async () => {
  const record = tenancy.wrapJob((_job: unknown) => tenancy.current())
  expect(await work(jobOf('acme'))).toBe('acme')
  await tenancy.run('globex', async () => {
    expect(await work(jobOf('acme'))).toBe('acme')
    expect(await record(jobOf('acme'))).toMatchObject({ schema: 'tenant_acme', record: { plan: 'free' } })
    expect(currentId()).toBe('globex')
  })
  expect(await tenancy.withoutTenant(() => work(jobOf('acme')))).toBe('acme')
})

test('interleaved jobs keep their tenants, also where the worker is an emitter that one of them made', async () => {
  const emitter = new EventEmitter()
  const seen: string[] = []
  tenancy.run('acme', () => {
    emitter.on('naive', (job: ReturnType<typeof jobOf>) =>
      seen.push(`${String(job.data.tenant)} as ${currentId()}`),
    )
    const wrapped = tenancy.wrapJob(async (job: ReturnType<typeof jobOf>) => {
      await sleep(Math.random() * 5)
      seen.push(`${String(job.data.tenant)} as ${currentId()}`)
      if (seen.length === 40) emitter.emit('done')
    })
    emitter.on('job', (job: ReturnType<typeof jobOf>) => void wrapped(job))
  })
  const done = once(emitter, 'done')
  // In acme, as a timer or a socket that was opened there would be.
  tenancy.run('acme', () => {
    for (let i = 0; i < 40; i++) emitter.emit('job', jobOf(i % 2 ? 'acme' : 'globex'))
  })
  await done
  expect(seen.sort()).toEqual([...Array(20).fill('acme as acme'), ...Array(20).fill('globex as globex')])
  tenancy.run('acme', () => emitter.emit('naive', jobOf('globex')))
  expect(seen.at(-1)).toBe('globex as acme')
})

test('the handler gets all arguments and its this, and its result or error comes back', async () => {
  const worker = {
    name: 'worker',
    work: tenancy.wrapJob(function (
      this: { name: string },
      job: ReturnType<typeof jobOf>,
      token: string,
      n?: number,
    ) {
      return [this.name, job.id, token, n, currentId()]
    }),
  }
  expect(await worker.work(jobOf('acme'), 'token', 3)).toEqual(['worker', 7, 'token', 3, 'acme'])
  const failing = tenancy.wrapJob((_job: unknown) => {
    throw new Error('broken')
  })
  const failed = failing(jobOf('acme'))
  await expect(failed).rejects.toThrow('broken')
})

test('a query builder that begins where it is awaited begins in the tenant of the job', async () => {
  const lazy = () => {
    const begin = async () => currentId()
    return {
      then: (ok: never, no: never) => begin().then(ok, no),
      catch: (no: never) => begin().catch(no),
    } as unknown as PromiseLike<string | undefined>
  }
  expect(await tenancy.run('globex', () => tenancy.wrapJob((_job: unknown) => lazy())(jobOf('acme')))).toBe(
    'acme',
  )
})

describe('a job is refused, and its handler never called', () => {
  let calls = 0
  const counted = tenancy.wrapJob((_job: unknown) => void calls++)
  afterEach(() => expect(calls).toBe(0))

  const REQUIRED = 'ROWHOUSE_TENANT_REQUIRED'
  const INVALID = 'ROWHOUSE_TENANT_ID_INVALID'
  test.each<[string, unknown, string]>([
    ['no job', undefined, REQUIRED],
    ['null', null, REQUIRED],
    ['a text', 'acme', REQUIRED],
    ['an empty batch', [], REQUIRED],
    ['no data', {}, REQUIRED],
    ['data that is null', { data: null }, REQUIRED],
    ['data that is a list', { data: ['acme'] }, REQUIRED],
    ['no tenant', { data: {} }, REQUIRED],
    ['a tenant beside the data', { tenant: 'acme', data: {} }, REQUIRED],
    ['a tenant that is null', jobOf(null), REQUIRED],
    ['a tenant from its prototype', { data: Object.create({ tenant: 'acme' }) as object }, REQUIRED],
    ['a __proto__ of JSON', JSON.parse('{"data":{"__proto__":{"tenant":"acme"}}}'), REQUIRED],
    [
      'a __proto__ that was assigned',
      { data: Object.assign({}, { ['__proto__']: { tenant: 'acme' } }) },
      REQUIRED,
    ],
    ['a list', jobOf(['acme']), INVALID],
    ['an object with an id', jobOf({ id: 'acme' }), INVALID],
    ['an object with toString', jobOf({ toString: () => 'acme' }), INVALID],
    ['a number', jobOf(7), INVALID],
    ['true', jobOf(true), INVALID],
    ['an empty text', jobOf(''), INVALID],
    ['upper case', jobOf('ACME'), INVALID],
    ['a blank', jobOf('acme '), INVALID],
    ['NUL', jobOf('acme\0'), INVALID],
    ['SQL', jobOf('acme"; drop schema public; --'), INVALID],
    ['__proto__', jobOf('__proto__'), INVALID],
    ['a million letters', jobOf('a'.repeat(1_000_000)), INVALID],
    ['a name that the database would cut', jobOf('a'.repeat(100)), 'ROWHOUSE_SCHEMA_NAME_TOO_LONG'],
    ['a reserved name', jobOf('pg_catalog'), 'ROWHOUSE_TENANT_ID_RESERVED'],
    ['a tenant that is gone', jobOf('gone'), 'ROWHOUSE_TENANT_NOT_FOUND'],
    ['constructor', jobOf('constructor'), 'ROWHOUSE_TENANT_NOT_FOUND'],
    ['a suspended tenant', jobOf('sus'), 'ROWHOUSE_TENANT_SUSPENDED'],
    ['a batch of which none names any', [{ data: {} }, { data: {} }], REQUIRED],
    ['a batch in a batch', [[jobOf('acme')]], REQUIRED],
  ])('%s', async (_what, job, code) => {
    expect(await codeOf(() => counted(job))).toBe(code)
    expect(await codeOf(() => tenancy.run('globex', () => counted(job)))).toBe(code)
  })

  test('what says so tells what to do', async () => {
    await expect(counted({ data: {} })).rejects.toThrow(
      /^This job needs a tenant and names none.*tenancy\.jobData\(data\)/,
    )
    await expect(counted(jobOf('gone'))).rejects.toThrow(
      'There is no tenant "gone" now, so its job was not run.',
    )
    await expect(counted(jobOf('gone'))).rejects.toMatchObject({ tenant: 'gone' })
  })

  test('what is no function, at once', async () => {
    expect(await codeOf(() => tenancy.wrapJob('acme' as never))).toBe('ROWHOUSE_CONFIG')
    expect(await codeOf(() => tenancy.wrapJob(() => 1, { tenant: 'account' as never }))).toBe(
      'ROWHOUSE_CONFIG',
    )
  })
})

test('a tenant that is dropped between two jobs is gone for the second', async () => {
  records.set('late', { id: 'late', plan: 'free' })
  expect(await work(jobOf('late'))).toBe('late')
  records.delete('late')
  expect(await codeOf(() => work(jobOf('late')))).toBe('ROWHOUSE_TENANT_NOT_FOUND')
})

test('the option tenant says where else the tenant is', async () => {
  const payload = tenancy.wrapJob((_payload: { account: string }) => currentId(), {
    tenant: ({ account }) => account,
  })
  expect(await payload({ account: 'acme' })).toBe('acme')
  expect(await codeOf(() => payload({ account: { id: 'acme' } as never }))).toBe('ROWHOUSE_TENANT_ID_INVALID')
  expect(await codeOf(() => payload({} as never))).toBe('ROWHOUSE_TENANT_REQUIRED')
})

describe('a batch', () => {
  type Job = ReturnType<typeof jobOf>
  const seen: string[] = []
  beforeEach(() => void seen.splice(0))
  const batch = tenancy.wrapJob(async (jobs: Job[]) => {
    seen.push(`${currentId()}: ${jobs.map(({ data }) => data.tenant).join()}`)
    await sleep(2)
    seen.push(`${currentId()} done`)
    return seen.length
  })

  test('of one tenant is given over as it is', async () => {
    expect(await batch([jobOf('acme'), jobOf('acme')])).toBe(2)
    expect(seen).toEqual(['acme: acme,acme', 'acme done'])
  })

  test('of several tenants is run tenant by tenant, one after the other', async () => {
    expect(await batch([jobOf('acme'), jobOf('globex'), jobOf('acme')])).toBeUndefined()
    expect(seen).toEqual(['acme: acme,acme', 'acme done', 'globex: globex', 'globex done'])
  })

  test.each([
    ['a tenant that is gone', jobOf('gone'), 'ROWHOUSE_TENANT_NOT_FOUND'],
    ['a suspended tenant', jobOf('sus'), 'ROWHOUSE_TENANT_SUSPENDED'],
    ['a job that names none', {} as Job, 'ROWHOUSE_TENANT_REQUIRED'],
  ])("with %s runs the others' jobs, and fails", async (_what, bad, code) => {
    expect(await codeOf(() => batch([bad, jobOf('globex'), jobOf('acme')]))).toBe(code)
    expect(seen).toEqual(['globex: globex', 'globex done', 'acme: acme', 'acme done'])
    seen.splice(0)
    expect(await codeOf(() => batch([bad, jobOf('acme')]))).toBe(code)
    expect(seen).toEqual(['acme: acme', 'acme done'])
  })

  test('whose handler returns promises that fail, fails', async () => {
    const promises = tenancy.wrapJob((jobs: Job[]) =>
      jobs.map(async ({ data }) => data.tenant === 'acme' || Promise.reject(new Error('no'))),
    )
    await expect(promises([jobOf('acme'), jobOf('globex')])).rejects.toThrow('no')
  })
})

describe('a worker that was started inside of something', () => {
  test("of another tenancy's tenant does not have it", async () => {
    const both = tenancy.wrapJob((_job: unknown) => [currentId(), billing.current()?.id])
    expect(await billing.run('globex', () => both(jobOf('acme')))).toEqual(['acme', undefined])
  })

  test('of two tenancies that both wrap the job has the tenants of both', async () => {
    const both = billing.wrapJob(
      tenancy.wrapJob((_job: unknown) => [currentId(), billing.current()?.id]),
      {
        tenant: () => 'globex',
      },
    )
    expect(await both(jobOf('acme'))).toEqual(['acme', 'globex'])
  })

  test('of another job does not have anything of that', async () => {
    const inner = tenancy.wrapJob((_job: unknown) => [currentId(), billing.current()?.id])
    const outer = billing.wrapJob((_job: unknown) => inner(jobOf('acme')))
    expect(await outer(jobOf('globex'))).toEqual(['acme', undefined])
  })
})

describe('jobData', () => {
  test('adds the current tenant, and leaves what it was given as it was', () => {
    const data = Object.freeze({ widgetId: 7 })
    expect(tenancy.run('acme', () => tenancy.jobData(data))).toEqual({ widgetId: 7, tenant: 'acme' })
    expect(tenancy.run('acme', () => tenancy.jobData())).toEqual({ tenant: 'acme' })
    expect(tenancy.run('acme', () => tenancy.jobData({ tenant: 'acme' }))).toEqual({ tenant: 'acme' })
  })

  test("never overwrites another's tenant, and takes none from a prototype", async () => {
    const add = (data: object) => tenancy.run('acme', () => tenancy.jobData(data))
    for (const tenant of ['globex', '', null, 7, ['acme'], { id: 'acme' }])
      expect(await codeOf(() => add({ tenant }))).toBe('ROWHOUSE_TENANT_MISMATCH')
    for (const data of [['acme'], 'acme', null, new Date(), new Map()])
      expect(await codeOf(() => add(data as object))).toBe('ROWHOUSE_CONFIG')
    const polluted = add(JSON.parse('{"__proto__":{"tenant":"globex"}}') as object)
    expect(Object.hasOwn(polluted, 'tenant') && (polluted as { tenant: string }).tenant).toBe('acme')
    expect(await codeOf(() => tenancy.jobData({}))).toBe('ROWHOUSE_TENANT_REQUIRED')
    expect(await codeOf(() => tenancy.withoutTenant(() => tenancy.jobData({})))).toBe(
      'ROWHOUSE_TENANT_REQUIRED',
    )
  })

  test('is what wrapJob reads', async () => {
    const data = tenancy.run('globex', () => tenancy.jobData({ widgetId: 7 }))
    expect(await work({ data: JSON.parse(JSON.stringify(data)) as object })).toBe('globex')
  })
})

test('outside is outside of every tenancy', () => {
  const seen = tenancy.run('acme', () =>
    billing.run('globex', () => tenancy.outside(() => [tenancy.scope(), billing.scope()])),
  )
  expect(seen).toEqual([undefined, undefined])
})
