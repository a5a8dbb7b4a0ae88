import { join } from 'node:path'
import { complaints } from '../support/complaints'
import { BLOCKS, ROOT } from './support/pages'
import { modulesOf, USER } from './support/taken-for-granted'

jest.setTimeout(120_000)

/*
 * Every block of TypeScript of README and docs, checked by its types: each in a module of its own, with what its page takes
 * for granted in front. Those that name an engine (```` ```ts postgres ````) are run besides: test/integrations/pages.test.ts.
 */
const blocks = new Map(
  BLOCKS.filter(({ kind }) => kind === 'ts').map(({ place, text }) => [pathOf(place), text] as const),
)

/** Where its module would be: it finds the packages that the tests find. */
function pathOf(place: string): string {
  return join(ROOT, 'test', `${place.replaceAll('/', ' ')}.ts`)
}

test('each block of TypeScript has its types, and one that is wrong is noticed', () => {
  expect(blocks.size).toBeGreaterThan(40)
  const wrong = pathOf('wrong')
  const all = new Map([...blocks, [wrong, "tenancy.wrapJob(7)\ntenancy.key(['user', 1])"] as const])
  const withUser = (modules: ReadonlyMap<string, string>): string[] =>
    complaints(new Map([...modules, [pathOf('user'), USER] as const]))
  const found = withUser(modulesOf(all, withUser))
  const isMeant = (one: string): boolean => one.startsWith(wrong)
  expect(found.filter((one) => !isMeant(one)).map((one) => one.replace(`${ROOT}/test/`, ''))).toEqual([])
  expect(found.filter(isMeant)).toHaveLength(2)
})
