import { once } from '../src/once'

test('asks once for all who ask, and again after a failure', async () => {
  const answers = [Promise.reject(new Error('first')), Promise.resolve('second'), Promise.resolve('third')]
  let asked = 0
  const ask = once(() => answers[asked++]!)
  const failed = await Promise.allSettled([ask(), ask()])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect([await ask(), await ask(), asked]).toEqual(['second', 'second', 2])
})
