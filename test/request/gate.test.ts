import { createGate, passAgain } from '../../src/request/gate'
import { fromHeader } from '../../src/request/from-header'
import type { RequestLike } from '../../src/request/request-like'
import { createParts } from './parts'

const parts = createParts()
const gate = createGate<RequestLike, unknown>(
  { resolve: fromHeader('x-tenant'), trustResolution: true },
  parts,
)

test('requests that are derived from one, as of a batch, do not remember each other', async () => {
  const batch: RequestLike = { headers: { 'x-tenant': 't1' } }
  const parentId = () => passAgain(batch, parts, 'it').tenant?.id
  await gate(batch)
  const derived = ['t2', 't3'].map(
    (tenant) => Object.create(batch, { headers: { value: { 'x-tenant': tenant } } }) as RequestLike,
  )
  for (const one of derived) await gate(one)
  expect(derived.map((one) => passAgain(one, parts, 'it').tenant?.id)).toEqual(['t2', 't3'])
  expect(parentId()).toBe('t1')
})
