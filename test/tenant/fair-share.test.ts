import fc from 'fast-check'
import { FairShare } from '../../src/tenant/fair-share'

function shared(max: number): { share: FairShare; entered: string[]; enter: (name: string) => () => void } {
  const share = new FairShare(max)
  const entered: string[] = []
  return { share, entered, enter: (name) => share.enter(name[0]!, () => entered.push(name)) }
}

test('lets so many of a tenant through, and the others in their order as places are left', () => {
  const { share, entered, enter } = shared(2)
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1']) enter(name)
  expect([entered, share.waiting]).toEqual([['a1', 'a2', 'b1'], 2])
  share.leave('b')
  expect(entered).toEqual(['a1', 'a2', 'b1'])
  share.leave('a')
  share.leave('a')
  expect([entered, share.waiting]).toEqual([['a1', 'a2', 'b1', 'a3', 'a4'], 0])
})

test('forgets who gave up, once', () => {
  const { share, entered, enter } = shared(1)
  const giveUp = ['a1', 'a2', 'a3'].map(enter)[1]!
  giveUp()
  giveUp()
  expect(share.waiting).toBe(1)
  share.leave('a')
  expect(entered).toEqual(['a1', 'a3'])
  giveUp()
  expect(share.waiting).toBe(0)
})

test('lets everybody in when it is opened, in their order', () => {
  const { share, entered, enter } = shared(1)
  for (const name of ['a1', 'a2', 'b1', 'a3']) enter(name)
  share.open()
  enter('a4')
  expect([entered, share.waiting]).toEqual([['a1', 'b1', 'a2', 'a3', 'a4'], 0])
  for (const tenant of 'aaaab') share.leave(tenant)
})

test('a tenant that enters from within another entry gets its own place', () => {
  const share = new FairShare(1)
  const entered: string[] = []
  share.enter('a', () => share.enter('b', () => entered.push('b')))
  share.enter('b', () => entered.push('b again'))
  expect(entered).toEqual(['b'])
  share.leave('b')
  expect(entered).toEqual(['b', 'b again'])
})

test('never more than the share of each, nobody twice, nobody forgotten, in order', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ type: fc.constant('enter' as const), tenant: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ type: fc.constant('leave' as const), tenant: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ type: fc.constant('give up' as const), index: fc.nat(20) }),
    ),
    { maxLength: 80 },
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), steps, (max, all) => {
      const share = new FairShare(max)
      const inside: Record<string, number[]> = { a: [], b: [], c: [] }
      const entered: number[] = []
      const cancels: { readonly id: number; readonly tenant: string; readonly cancel: () => void }[] = []
      const gone = new Set<number>()
      all.forEach((step, id) => {
        if (step.type === 'enter') {
          const { tenant } = step
          const enter = (): void => {
            entered.push(id)
            inside[tenant]!.push(id)
          }
          cancels.push({ id, tenant, cancel: share.enter(tenant, enter) })
        } else if (step.type === 'leave') {
          if (inside[step.tenant]!.shift() !== undefined) share.leave(step.tenant)
        } else {
          const waiter = cancels[step.index]
          if (waiter === undefined) return
          waiter.cancel()
          if (!entered.includes(waiter.id)) gone.add(waiter.id)
        }
        for (const ids of Object.values(inside)) expect(ids.length).toBeLessThanOrEqual(max)
      })
      for (const tenant of ['a', 'b', 'c']) while (inside[tenant]!.shift() !== undefined) share.leave(tenant)
      expect(share.waiting).toBe(0)
      const wanted = cancels.map(({ id }) => id).filter((id) => !gone.has(id))
      expect([...entered].sort((x, y) => x - y)).toEqual(wanted)
      for (const tenant of ['a', 'b', 'c']) {
        const own = cancels.filter((waiter) => waiter.tenant === tenant).map(({ id }) => id)
        const order = entered.filter((id) => own.includes(id))
        expect(order).toEqual([...order].sort((x, y) => x - y))
      }
    }),
  )
})
