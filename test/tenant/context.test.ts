import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { TenantRequiredError } from '../../src/errors'
import {
  TenantContext,
  WITHOUT_TENANT,
  bindToContext,
  bindWork,
  leaveTenants,
  outsideTenants,
} from '../../src/tenant/context'
import type { Tenant } from '../../src/tenant/context'
import { schemaNameOf } from '../../src/tenant/schema-name'
import { parseTenantId } from '../../src/tenant/tenant-id'

const context = new TenantContext('default')
const acme = tenant('acme')
const globex = tenant('globex')

function tenant(name: string): Tenant {
  const id = parseTenantId(name)
  return { id, schema: schemaNameOf(id, { prefix: 'tenant_', limit: { max: 63, unit: 'bytes' } }) }
}

const currentId = () => context.current()?.id

afterEach(() => {
  // No test may leave a tenant behind.
  expect(context.scope()).toBeUndefined()
})

test('a call chain has the tenant it was started with, and none before and after', async () => {
  expect(currentId()).toBeUndefined()
  const seen = await context.run(acme, async () => {
    const before = currentId()
    await sleep(1)
    return [before, currentId(), context.require().schema]
  })
  expect(seen).toEqual(['acme', 'acme', 'tenant_acme'])
  expect(currentId()).toBeUndefined()
})

test('a thousand interleaved call chains each keep their own tenant', async () => {
  const hops: (() => Promise<unknown>)[] = [
    () => Promise.resolve(),
    () => new Promise((resolve) => setImmediate(resolve)),
    () => new Promise((resolve) => process.nextTick(resolve)),
    () => sleep(1),
    () => new Promise<void>((resolve) => queueMicrotask(resolve)),
  ]
  const chains = Array.from({ length: 1000 }, (_, n) =>
    context.run(tenant(`t${n}`), async () => {
      const seen = new Set([currentId()])
      for (let hop = 0; hop < 10; hop++) {
        await hops[(n + hop * 3) % hops.length]!()
        seen.add(currentId())
      }
      return [...seen].join()
    }),
  )
  expect(await Promise.all(chains)).toEqual(Array.from({ length: 1000 }, (_, n) => `t${n}`))
})

test('a nested tenant ends with its call and the outer one is back', async () => {
  await context.run(acme, async () => {
    const inner = context.run(globex, async () => {
      await sleep(2)
      return currentId()
    })
    expect(currentId()).toBe('acme')
    expect(await inner).toBe('globex')
    expect(currentId()).toBe('acme')
  })
})

test('work that begins its successor in its own context keeps no tenant of its past, also among several tenancies', async () => {
  const other = new TenantContext('other')
  const records: WeakRef<object>[] = []
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const left = await new Promise<number>((resolve) => {
    context.run(acme, () => other.run(globex, () => step(8, resolve)))
  })
  // Of each tenancy the last one is in force.
  expect(left).toBe(2)

  function step(remaining: number, done: (left: number) => void): void {
    expect([currentId(), other.current()?.id]).toEqual(['acme', 'globex'])
    if (remaining === 0) {
      collect()
      return done(records.filter((record) => record.deref() !== undefined).length)
    }
    const [place, id] = remaining % 2 === 0 ? [context, acme] : [other, globex]
    const record = { remaining }
    records.push(new WeakRef(record))
    place.run({ ...id, record }, () => setTimeout(() => step(remaining - 1, done), 1))
  }
})

test('an exception or rejection inside restores the outer tenant', async () => {
  await context.run(acme, async () => {
    expect(() =>
      context.run(globex, () => {
        throw new Error('thrown')
      }),
    ).toThrow('thrown')
    expect(currentId()).toBe('acme')
    await expect(
      context.run(globex, async () => {
        await sleep(1)
        throw new Error('rejected')
      }),
    ).rejects.toThrow('rejected')
    expect(currentId()).toBe('acme')
  })
})

test('run returns what the work returns', () => {
  const result = { rows: [] }
  expect(context.run(acme, () => result)).toBe(result)
})

/** As a query builder: begins where it is awaited. */
class LazyQuery {
  then(done: (id: string | undefined) => void): void {
    done(currentId())
  }
  catch(): void {}
}

test('a query that begins where it is awaited begins in the tenant of the run that returns it', async () => {
  expect(await context.run(acme, () => new LazyQuery())).toBe('acme')
  expect(await context.run(globex, () => context.run(acme, () => new LazyQuery()))).toBe('acme')
  const visit = context.run(globex, async () => [await context.run(acme, () => new LazyQuery()), currentId()])
  expect(await visit).toEqual(['acme', 'globex'])
  expect(await context.run(acme, () => context.withoutTenant(() => new LazyQuery()))).toBeUndefined()
})

test('a query that begins where it is awaited begins where bind and outsideTenants had it made', async () => {
  const bound = context.run(acme, () => bindWork(() => new LazyQuery()))
  expect(await context.run(globex, async () => bound())).toBe('acme')
  const visit = context.run(globex, async () => [await bound(), await leaveTenants(() => new LazyQuery())])
  expect(await visit).toEqual(['acme', undefined])
})

test('what run returns is the same object where it is no promise, or one that runs already', () => {
  const promise = Promise.resolve(1)
  const command = { then: () => { throw new Error('mysql2 has such a thing') } } // prettier-ignore
  for (const result of [promise, command, undefined, null, 'text'])
    expect(context.run<unknown>(acme, () => result)).toBe(result)
})

test('a tenant is frozen when it enters: later changes do not reach the call chain', () => {
  const changing = { ...acme }
  context.run(changing, () => {
    changing.schema = globex.schema
    expect(context.current()?.schema).toBe('tenant_acme')
    expect(Object.isFrozen(context.current())).toBe(true)
  })
})

test('a record travels with its tenant', () => {
  const withRecord = new TenantContext<{ plan: string }>('default')
  withRecord.run({ ...acme, record: { plan: 'gold' } }, () => {
    expect(withRecord.current()?.record).toEqual({ plan: 'gold' })
  })
})

test('without a tenant, require names the ways out', () => {
  expect(() => context.require()).toThrow(TenantRequiredError)
  expect(() => context.require()).toThrow(/tenancy\.middleware\(\).*tenancy\.run\(.*tenancy\.withoutTenant\(/)
})

test('withoutTenant says that there is none on purpose, which is not the same as nobody saying so', () => {
  context.run(acme, () => {
    context.withoutTenant(() => {
      expect(context.scope()).toBe(WITHOUT_TENANT)
      expect(context.current()).toBeUndefined()
      expect(() => context.require()).toThrow(TenantRequiredError)
      context.run(globex, () => expect(currentId()).toBe('globex'))
    })
    expect(currentId()).toBe('acme')
  })
})

test('outsideTenants leaves every tenant, for asynchronous work too', async () => {
  await context.run(acme, async () => {
    const seen = await outsideTenants(async () => {
      await sleep(1)
      return context.scope()
    })
    expect(seen).toBeUndefined()
    expect(currentId()).toBe('acme')
  })
})

test('two tenancies of one process do not see each other', () => {
  const billing = new TenantContext('billing')
  context.run(acme, () => {
    expect(billing.scope()).toBeUndefined()
    billing.run(globex, () => {
      expect([currentId(), billing.current()?.id]).toEqual(['acme', 'globex'])
      context.withoutTenant(() => expect(billing.current()?.id).toBe('globex'))
    })
    expect(billing.scope()).toBeUndefined()
  })
})

test('contexts of one name share their tenant', () => {
  context.run(acme, () => expect(new TenantContext('default').current()?.id).toBe('acme'))
})

test('two copies of the package share the tenant of a call chain', async () => {
  const copies: (typeof import('../../src/tenant/context'))[] = []
  for (let n = 0; n < 2; n++) {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    jest.isolateModules(() => copies.push(require('../../src/tenant/context')))
  }
  const [first, second] = copies.map((copy) => new copy.TenantContext('default'))
  expect(copies[0]!.TenantContext).not.toBe(copies[1]!.TenantContext)
  await first!.run(acme, async () => {
    await sleep(1)
    expect(second!.current()?.id).toBe('acme')
    expect(copies[1]!.outsideTenants(() => first!.scope())).toBeUndefined()
  })
})

describe('bindToContext', () => {
  test('a listener that is called from another tenant has the one it was bound in', () => {
    const emitter = new EventEmitter()
    const seen: unknown[] = []
    context.run(acme, () => {
      emitter.on('row', () => seen.push(['unbound', currentId()]))
      emitter.on(
        'row',
        bindToContext(() => seen.push(['bound', currentId()])),
      )
    })
    context.run(globex, () => emitter.emit('row'))
    emitter.emit('row')
    expect(seen).toEqual([
      ['unbound', 'globex'],
      ['bound', 'acme'],
      ['unbound', undefined],
      ['bound', 'acme'],
    ])
  })

  test('a bound function works outside of tenants, too', () => {
    const bound = context.run(acme, () => bindToContext(currentId))
    expect(outsideTenants(bound)).toBe('acme')
  })

  test('a function bound without a tenant has none later', () => {
    const bound = bindToContext(currentId)
    expect(context.run(acme, bound)).toBeUndefined()
  })

  test('it keeps this, the arguments, the result and an exception', () => {
    const bound = context.run(acme, () =>
      bindToContext(function (this: unknown, ...args: number[]) {
        return [this, args, currentId()]
      }),
    )
    const self = { name: 'client' }
    expect(bound.call(self, 1, 2)).toEqual([self, [1, 2], 'acme'])
    const failing = bindToContext(() => {
      throw new RangeError('as it is')
    })
    expect(failing).toThrow(new RangeError('as it is'))
  })

  test("it keeps other libraries' stores", () => {
    const tracing = new AsyncLocalStorage<string>()
    const bound = tracing.run('span 1', () =>
      context.run(acme, () => bindToContext(() => [tracing.getStore(), currentId()])),
    )
    expect(tracing.run('span 2', () => bound())).toEqual(['span 1', 'acme'])
  })
})
