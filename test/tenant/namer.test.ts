import { namer } from '../../src/tenant/namer'
import type { Namer } from '../../src/tenant/namer'

const names: Namer = (tenant) => {
  const id = String(typeof tenant === 'object' ? tenant.id : tenant)
  if (id === 'bad') throw new Error('refused')
  return { id, schema: `tenant_${id}` } as ReturnType<Namer>
}

test('reads each text once, and everything else each time', () => {
  const read = jest.fn(names)
  const name = namer(read, {})
  for (let round = 0; round < 3; round++)
    expect([name('1').id, name(1).id, name({ id: '1' }).id, name('2').schema]).toEqual([
      '1',
      '1',
      '1',
      'tenant_2',
    ])
  expect(read.mock.calls.map(([tenant]) => typeof tenant).sort()).toEqual([
    ...Array<string>(3).fill('number'),
    ...Array<string>(3).fill('object'),
    'string',
    'string',
  ])
})

test('refuses again what it has refused', () => {
  const name = namer(names, {})
  for (let round = 0; round < 2; round++) expect(() => name('bad')).toThrow('refused')
})

test('asks a function of the application each time, since its answer may change', () => {
  let isAllowed = true
  const name = namer(
    (tenant) => {
      if (!isAllowed) throw new Error('refused')
      return names(tenant)
    },
    { validate: () => isAllowed },
  )
  expect(name('acme').schema).toBe('tenant_acme')
  isAllowed = false
  expect(() => name('acme')).toThrow('refused')
})
