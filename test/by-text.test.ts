import { rememberedByText } from '../src/by-text'

function counting(): { reads: string[]; find: (text: string) => { length: number } } {
  const reads: string[] = []
  const find = rememberedByText((text) => {
    reads.push(text)
    return { length: text.length }
  })
  return { reads, find }
}

test('a text is read once', () => {
  const { reads, find } = counting()
  expect(find('select 1')).toEqual({ length: 8 })
  expect(find('select 1')).toBe(find('select 1'))
  expect(reads).toEqual(['select 1'])
})

test('texts that differ in anything are different', () => {
  const { reads, find } = counting()
  for (const text of ['a', 'A', 'a ', ' a', '']) find(text)
  expect(reads).toHaveLength(5)
})

test('a long text is not kept', () => {
  const { reads, find } = counting()
  for (const length of [8192, 8192, 8193, 8193]) find('x'.repeat(length))
  expect(reads.map(({ length }) => length)).toEqual([8192, 8193, 8193])
})

test('many texts do not fill the memory', () => {
  const { reads, find } = counting()
  for (let number = 0; number < 1500; number += 1) find(`select ${number}`)
  find('select 0')
  find('select 1499')
  expect(reads).toHaveLength(1501)
})
