import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { provideNode } from '../../scripts/node-versions/provide'
import { linkModules, packRowhouse } from '../support/packed'

jest.setTimeout(120_000)

const root = join(__dirname, '../..')
const project = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-release-')))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>
  typesVersions: { '*': Record<string, unknown> }
  dependencies: Record<string, string>
}
const subpaths = Object.keys(manifest.exports).filter((name) => name !== './package.json')
const names = subpaths.map((name) => name.replace(/^\./, 'rowhouse'))
let packed: { readonly tarball: string; readonly paths: readonly string[] }

beforeAll(() => {
  packed = packRowhouse(join(project, 'packed'))
  linkModules(project, packed.tarball)
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

const bin = (name: string): string => join(root, 'node_modules/.bin', name)

/** Runs a program in the project, and returns what it prints. */
function run(node: string, file: string, code: string): unknown {
  writeFileSync(join(project, file), code)
  const options = { cwd: project, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } } as const
  return JSON.parse(execFileSync(node, [file], options))
}

describe('the tarball', () => {
  test('holds what a user needs, and nothing else', () => {
    const others = packed.paths.filter((path) => !path.startsWith('dist/'))
    expect([...others].sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
    const ends = new Set(
      packed.paths
        .filter((path) => path.startsWith('dist/'))
        .map((path) => /(\.d)?\.[^.]+(\.map)?$/.exec(path)![0]),
    )
    expect([...ends].filter((end) => !['.js', '.d.ts', '.js.map', '.css', '.svg'].includes(end))).toEqual([])
  })

  test('has no source, no test and no path of a machine in it', () => {
    const map = readFileSync(join(project, 'node_modules/rowhouse/dist/index.js.map'), 'utf8')
    expect(JSON.parse(map)).toMatchObject({
      sources: ['../src/index.ts'],
      sourcesContent: [expect.any(String)],
    })
    const own = join(project, 'node_modules/rowhouse')
    const telling = packed.paths.filter((path) => {
      const text = readFileSync(join(own, path), 'utf8')
      return [root, project, homedir()].some((place) => text.includes(`${place}/`))
    })
    expect(telling).toEqual([])
  })

  test('publint has nothing to say', () => {
    expect(execFileSync(bin('publint'), [packed.tarball, '--strict'], { encoding: 'utf8' })).toContain(
      'All good!',
    )
  })

  test('its types are found by every way of resolving them', () => {
    const rules = ['--ignore-rules', 'cjs-resolves-to-esm']
    const told = execFileSync(bin('attw'), [packed.tarball, '--format', 'json', ...rules], {
      encoding: 'utf8',
    })
    const { analysis } = JSON.parse(told) as { analysis: { entrypoints: Record<string, unknown> } }
    expect(Object.keys(analysis.entrypoints).sort()).toEqual([...subpaths, './package.json'].sort())
  })

  test('every subpath has types for TypeScript that does not read exports', () => {
    const told = Object.keys(manifest.typesVersions['*']).map((name) => `./${name}`)
    expect(told.sort()).toEqual(subpaths.filter((name) => name !== '.').sort())
  })
})

test('the reference has every subpath, and a sentence on every export', () => {
  const config = JSON.parse(readFileSync(join(root, 'typedoc.json'), 'utf8')) as { entryPoints: string[] }
  expect(config.entryPoints).toHaveLength(subpaths.length)
  // It fails at each export without documentation, and at each link that leads nowhere.
  execFileSync(bin('typedoc'), ['--emit', 'none'], { cwd: root, stdio: 'pipe' })
})

describe.each([20, 22, 24])('on Node %i', (major) => {
  let node: string
  beforeAll(() => {
    node = provideNode(major)
  })

  test('every subpath can be required and imported, and is one and the same', () => {
    const same = run(
      node,
      'same.mjs',
      `import { createRequire } from 'node:module'
       const require = createRequire(import.meta.url)
       const same = []
       for (const name of ${JSON.stringify(names)}) {
         const [required, imported] = [require(name), await import(name)]
         const keys = Object.keys(required)
         same.push(keys.length > 0 && keys.every((key) => required[key] === imported[key]) ? 'same' : name)
       }
       console.log(JSON.stringify(same))`,
    )
    expect(same).toEqual(names.map(() => 'same'))
  })

  test('the main entry loads no driver, no framework, nothing that a migration alone needs', () => {
    const loaded = run(
      node,
      'loaded.cjs',
      `require('rowhouse')
       const own = Object.keys(require.cache).map((path) => path.split('node_modules/').pop())
       console.log(JSON.stringify([...new Set(own.filter((path) => !path.startsWith('rowhouse/') && !path.endsWith('loaded.cjs')))].sort()))`,
    )
    expect(loaded).toEqual(['lru-cache/dist/commonjs/node/index.min.js', 'ms/index.js'])
  })
})

describe('how large it is', () => {
  const page = readFileSync(join(root, 'docs/benchmarks.md'), 'utf8')

  /** A figure of the page: the cell behind a name, in KB. */
  function recorded(name: string): number {
    const row = page.split('\n').find((line) => line.startsWith(`| ${name} |`))
    return Number(/\| ([\d.]+) KB/.exec(row ?? '')?.[1])
  }

  test.each([
    ['`rowhouse`', "import 'rowhouse'"],
    ['`rowhouse` and `rowhouse/postgres`', "import 'rowhouse'; import 'rowhouse/postgres'"],
    ['`rowhouse` and `rowhouse/mysql`', "import 'rowhouse'; import 'rowhouse/mysql'"],
  ])('%s is as large as the page says, within a tenth', async (name, contents) => {
    const result = await build({
      stdin: { contents, resolveDir: project },
      ...{ bundle: true, minify: true, write: false, platform: 'node', treeShaking: false },
      plugins: [
        {
          // Ours alone: what it depends on is there already, or is its own story.
          name: 'ours',
          setup: (hooks) =>
            hooks.onResolve({ filter: /^[^.]/ }, ({ path }) =>
              /^rowhouse/.test(path) ? undefined : { path, external: true },
            ),
        },
      ],
    })
    const size = result.outputFiles[0]!.contents.length / 1000
    if (Number.isNaN(recorded(name))) throw new Error(`docs/benchmarks.md has no size of ${name}: ${size} KB`)
    expect(Math.abs(size / recorded(name) - 1)).toBeLessThan(0.1)
  })

  test('it depends on few packages', () => {
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(12)
  })
})
