import fc from 'fast-check'
import { Queue } from '../../src/fleet/queue'

describe('the queue of a fleet', () => {
  test('gives items in their order, and what is due before new ones', () => {
    const queue = new Queue(['a', 'b', 'c'])
    expect(queue.take(0)).toBe('a')
    queue.putBack('a', 10)
    expect(queue.take(5)).toBe('b')
    expect(queue.nextAt).toBe(10)
    expect(queue.take(10)).toBe('a')
    expect(queue.take(10)).toBe('c')
    expect(queue.take(10)).toBeUndefined()
    expect(queue.isEmpty).toBe(true)
    expect(queue.nextAt).toBeUndefined()
  })

  test('is not empty while something waits, and gives nothing before its time', () => {
    const queue = new Queue(['a'])
    queue.putBack(queue.take(0)!, 100)
    expect(queue.isEmpty).toBe(false)
    expect(queue.take(99)).toBeUndefined()
    expect(queue.rest).toEqual(['a'])
    expect(queue.take(100)).toBe('a')
  })

  test('loses nothing and gives nothing twice, whatever is put back and when', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 20 }),
        fc.array(fc.record({ putsBack: fc.boolean(), wait: fc.nat({ max: 5 }) }), { maxLength: 60 }),
        (count, moves) => {
          const items = Array.from({ length: count }, (_, index) => index)
          const queue = new Queue(items)
          const done: number[] = []
          moves.forEach(({ putsBack, wait }, now) => {
            const item = queue.take(now)
            if (item === undefined) return
            if (putsBack) queue.putBack(item, now + wait)
            else done.push(item)
          })
          expect([...done, ...queue.rest].sort((one, other) => one - other)).toEqual(items)
        },
      ),
    )
  })
})
