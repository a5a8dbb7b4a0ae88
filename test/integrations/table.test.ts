import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SNIPPETS } from './support/pages'

const ROOT = join(__dirname, '../..')
/** Of the table's first column, where it is not the package's name. */
const PACKAGES: Readonly<Record<string, string>> = {
  drizzle: 'drizzle-orm',
  'mikro-orm': '@mikro-orm/postgresql',
}
const ENGINES: Readonly<Record<string, string>> = { PostgreSQL: 'postgres', MySQL: 'mysql' }

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const rows = [
  ...read('docs/integrations.md').matchAll(/^\| \[(.+?)\]\(integrations\/(.+?)\.md\) \| (.+?) \| (.+?) \|/gm),
].map(([, library, page, version, engines]) => ({
  ...{ library: library!, page: page!, version: version! },
  engines: engines!.split(', ').map((engine) => ENGINES[engine]!),
}))

/** Engines that a test file of a library names. */
function tested(library: string): string[] {
  const text = read(`test/integrations/${library}.test.ts`)
  return [
    ...new Set([...text.matchAll(/\w+On(Postgres|Mysql)/g)].map(([, engine]) => engine!.toLowerCase())),
  ].sort()
}

test('the table has a row for each library that is tested, and no other', () => {
  const files = readdirSync(__dirname).filter((name) => name.endsWith('.test.ts'))
  const libraries = files
    .map((name) => name.replace('.test.ts', ''))
    .filter((name) => !/^(pages|table|types)$/.test(name))
  expect(rows.map(({ library }) => library).sort()).toEqual(libraries.sort())
})

test.each(rows)(
  '$library: its version is the installed one, its engines are those of its test and page',
  (row) => {
    const { library, page, version, engines } = row
    const manifest = JSON.parse(read(`node_modules/${PACKAGES[library] ?? library}/package.json`)) as {
      version: string
    }
    expect(version).toBe(manifest.version)
    expect(page).toBe(library)
    expect([...engines].sort()).toEqual(tested(library).sort())
    const shown = SNIPPETS.filter((snippet) => snippet.page === page).map(({ engine }) => engine)
    expect([...new Set(shown)].sort()).toEqual([...engines].sort())
  },
)

const others = [
  ...read('docs/integrations.md').matchAll(
    /^\| ([^[|]+?) \| (\d[^|]*?|Node's) \| [^|]+ \| `(test\/[^`]+)` \|$/gm,
  ),
].map(([, name, version, test]) => ({ name: name!, version: version!, test: test! }))

test('beside the libraries there are rows for frameworks, queues and observers', () => {
  expect(others.length).toBeGreaterThan(20)
})

test.each(others)(
  '$name: its version is the installed one, and its test is about it',
  ({ name, version, test }) => {
    const text = read(test)
    if (version === "Node's") return expect(text).toContain('/http')
    const { version: installed } = JSON.parse(read(`node_modules/${name}/package.json`)) as {
      version: string
    }
    expect(version).toBe(installed)
    const folder = readdirSync(join(ROOT, test, '..'), { withFileTypes: true, recursive: true })
    const near = folder
      .filter((one) => one.isFile())
      .map((one) => read(join(one.parentPath, one.name).slice(ROOT.length)))
    expect(
      [text, ...near].some((source) => source.includes(`'${name}'`) || source.includes(`${name}'`)),
    ).toBe(true)
  },
)
