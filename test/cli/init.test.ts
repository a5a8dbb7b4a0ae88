import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadTenancy } from '../../src/cli/config'
import { runProgram } from '../../src/cli/program'
import { firstMigration, tenancyFile } from '../../src/cli/init/files'
import { readProject } from '../../src/cli/init/project'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rowhouse-init-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const PG = { dependencies: { pg: '^8.0.0', express: '^5.0.0', rowhouse: '^1.0.0' } }

function manifest(content: object | string, indent: number | string = 2): void {
  const text = typeof content === 'string' ? content : `${JSON.stringify(content, null, indent)}\n`
  writeFileSync(join(folder, 'package.json'), text)
}

function read(path: string): string {
  return readFileSync(join(folder, path), 'utf8')
}

function link(to: string, path: string): void {
  symlinkSync(join(folder, to), join(folder, path))
}

/** All files of the project with their texts. */
function files(): Record<string, string> {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  return Object.fromEntries(
    all.map(({ parentPath, name }) => [
      join(parentPath, name).slice(folder.length + 1),
      readFileSync(join(parentPath, name), 'utf8'),
    ]),
  )
}

async function init(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const surroundings = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    ask: undefined,
  }
  const [flags, rest] = args[0] === '--json' ? [['--json'], args.slice(1)] : [[], args]
  const code = await runProgram([...flags, 'init', folder, ...rest], surroundings)
  return { code, out, err }
}

describe('rowhouse init', () => {
  test('a TypeScript project with pg gets tenancy, configuration, a first migration and npm scripts', async () => {
    manifest({ ...PG, scripts: { start: 'node .' }, devDependencies: { typescript: '^5.0.0' } })
    mkdirSync(join(folder, 'src'))
    const { code, out, err } = await init()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const [migration] = readdirSync(join(folder, 'tenant-migrations'))
    expect(migration).toMatch(/^\d{14}_create_first_tables\.sql$/)
    expect(out).toContain(
      `created src/tenancy.ts\ncreated rowhouse.config.ts\ncreated tenant-migrations/${migration}\n`,
    )
    expect(read('src/tenancy.ts')).toContain('connectionString: process.env.DATABASE_URL')
    expect(JSON.parse(read('package.json'))).toEqual({
      ...PG,
      scripts: {
        start: 'node .',
        'tenants:new': 'rowhouse new',
        'tenants:create': 'rowhouse create',
        'tenants:migrate': 'rowhouse migrate',
        'tenants:rollback': 'rowhouse rollback',
        'tenants:status': 'rowhouse status',
      },
      devDependencies: { typescript: '^5.0.0' },
    })
    expect(out).toMatch(/\nNext:\n1\. Write the tables [^\n]+\n2\. In front of the routes/)
    expect(out).toContain("app.use('/tenants/:tenantId', tenancy.middleware({")
    expect(out).not.toContain('npm install')
  })

  test('what is there stays as it is, and a second time changes nothing', async () => {
    manifest({ ...PG, scripts: { 'tenants:new': 'my own' } })
    writeFileSync(join(folder, 'tenancy.js'), '// mine')
    writeFileSync(join(folder, 'rowhouse.config.mjs'), '// mine')
    mkdirSync(join(folder, 'tenant-migrations'))
    writeFileSync(join(folder, 'tenant-migrations/20200101000000_mine.sql'), '-- mine')
    const { out } = await init()
    expect(out).toContain(
      'kept tenancy.js\nkept rowhouse.config.mjs\nkept tenant-migrations/\nkept npm script tenants:new\n',
    )
    const after = files()
    expect(Object.keys(after).sort()).toEqual([
      'package.json',
      'rowhouse.config.mjs',
      'tenancy.js',
      'tenant-migrations/20200101000000_mine.sql',
    ])
    expect(after).toMatchObject({ 'tenancy.js': '// mine', 'rowhouse.config.mjs': '// mine' })
    expect(JSON.parse(after['package.json']!)).toMatchObject({ scripts: { 'tenants:new': 'my own' } })
    expect((await init()).code).toBe(0)
    expect(files()).toEqual(after)
  })

  test('--dry-run tells all of it and writes nothing', async () => {
    manifest(PG)
    const before = files()
    const { code, out } = await init('--dry-run')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^would create tenancy\.js\nwould create rowhouse\.config\.js\nwould create tenant-mig/,
    )
    expect(files()).toEqual(before)
  })

  test('the package.json keeps its indentation and its end', async () => {
    manifest(JSON.stringify({ name: 'x', ...PG }, null, '\t'))
    await init()
    expect(read('package.json')).toMatch(/^\{\n\t"name": "x",\n/)
    expect(read('package.json')).toMatch(/\}$/)
  })

  test('a byte order mark and the ends of lines stay, too', async () => {
    manifest('\uFEFF{\r\n  "dependencies": {\r\n    "pg": "8"\r\n  },\r\n  "scripts": null\r\n}\r\n')
    expect((await init()).code).toBe(0)
    const text = read('package.json')
    expect(text).toMatch(/^\uFEFF\{\r\n {2}"dependencies"/)
    expect(text).toMatch(/"tenants:status": "rowhouse status"\r\n {2}\}\r\n\}\r\n$/)
    expect(text.replaceAll('\r\n', '')).not.toContain('\n')
  })

  test.each([
    ['a package.json that is a folder', 'package.json', () => mkdirSync(join(folder, 'package.json'))],
    [
      'migrations that are a file',
      'tenant-migrations',
      () => writeFileSync(join(folder, 'tenant-migrations'), ''),
    ],
    [
      'migrations elsewhere, that are not there',
      'tenant-migrations',
      () => link('nowhere', 'tenant-migrations'),
    ],
  ])('%s: told, and nothing is written', async (_title, name, make) => {
    if (name !== 'package.json') manifest(PG)
    make()
    const before = files()
    expect(await init()).toEqual({ code: 2, out: '', err: expect.stringContaining(name) })
    expect(files()).toEqual(before)
  })

  test('a file that is called src holds no sources, and a link that leads nowhere is kept', async () => {
    manifest(PG)
    writeFileSync(join(folder, 'src'), 'mine')
    link('nowhere.js', 'tenancy.js')
    const { code, out } = await init()
    expect({ code, src: read('src') }).toEqual({ code: 0, src: 'mine' })
    expect(out).toContain('created rowhouse.config.js\n')
    expect(out).toContain('kept tenancy.js\n')
  })

  test.each([
    ['neither driver', {}, 'Neither pg nor mysql2 is'],
    ['both drivers', { dependencies: { pg: '8', mysql2: '3' } }, 'Both pg and mysql2 are'],
  ])('%s: it asks for --engine, and has written nothing', async (_title, content, told) => {
    manifest(content)
    const before = files()
    expect(await init()).toEqual({ code: 2, out: '', err: expect.stringContaining(told) })
    expect(files()).toEqual(before)
    expect((await init('--engine', 'mysql')).code).toBe(0)
    expect(read('tenancy.js')).toContain('uri: process.env.MYSQL_URL')
  })

  test('what is not installed comes first in what is left to do', async () => {
    manifest({})
    const { out } = await init('--engine', 'postgres')
    expect(out).toContain('\n1. npm install rowhouse pg\n')
  })

  test('another framework is sent to its adapter', async () => {
    manifest({ dependencies: { pg: '8', fastify: '5' } })
    expect((await init()).out).toContain('by rowhouse/fastify: docs/frameworks.md')
  })

  test('an engine that is none is wrong usage', async () => {
    manifest(PG)
    expect(await init('--engine', 'oracle')).toMatchObject({
      code: 2,
      err: expect.stringContaining('oracle'),
    })
  })

  test.each([
    ['no package.json', undefined, 'There is no package.json'],
    ['a broken package.json', '{', "can't be read"],
    ['a package.json that is no object', 'null', 'holds no object'],
    ['a package.json that is a list', '["pg"]', 'holds no object'],
    ['scripts that are a text', '{"dependencies":{"pg":"8"},"scripts":"abc"}', '"scripts"'],
    ['scripts that are a list', '{"dependencies":{"pg":"8"},"scripts":["abc"]}', '"scripts"'],
  ])('%s: told, and nothing is written', async (_title, content, told) => {
    if (content !== undefined) manifest(content)
    const before = files()
    expect(await init()).toEqual({ code: 2, out: '', err: expect.stringContaining(told) })
    expect(files()).toEqual(before)
  })

  test('--json: one line with all of it', async () => {
    manifest(PG)
    const { out } = await init('--json')
    expect(out.trim().split('\n')).toHaveLength(1)
    expect(JSON.parse(out)).toMatchObject({
      status: 'ok',
      engine: 'postgres',
      dryRun: false,
      created: ['tenancy.js', 'rowhouse.config.js', expect.stringMatching(/^tenant-migrations\//)],
      kept: [],
    })
  })
})

describe('what init writes is what the command line reads', () => {
  test.each([
    ['TypeScript', { devDependencies: { typescript: '5' } }],
    ['TypeScript with ES modules', { type: 'module', devDependencies: { typescript: '5' } }],
    ['CommonJS', {}],
    ['ES modules', { type: 'module' }],
  ])('%s', async (_title, more) => {
    manifest({ ...PG, ...more })
    mkdirSync(join(folder, 'src'))
    // A package that has the two names: test/release has the real one.
    mkdirSync(join(folder, 'node_modules/rowhouse'), { recursive: true })
    for (const [name, code] of Object.entries({
      'index.js': 'exports.createTenancy = () => ({ create() {}, migrateAll() {} })',
      'postgres.js': 'exports.postgres = (options) => options',
      'package.json': JSON.stringify({ exports: { '.': './index.js', './postgres': './postgres.js' } }),
    })) {
      writeFileSync(join(folder, 'node_modules/rowhouse', name), code)
    }
    await init()
    const config = readdirSync(folder).find((name) => name.startsWith('rowhouse.config'))!
    // Anything but a tenancy would be taken for options, and refused for having no database.
    expect(await loadTenancy(join(folder, config))).toHaveProperty('migrateAll')
  })

  test('dotenv is loaded first where the project has it', () => {
    manifest({ dependencies: { pg: '8', dotenv: '16' } })
    expect(tenancyFile(readProject(folder)).text).toMatch(/^require\('dotenv\/config'\)\n/)
  })

  test('the first migration is a whole one, with nothing to run yet', () => {
    manifest(PG)
    const text = firstMigration(readProject(folder))
    expect(text).toMatch(/^-- Up Migration\n(--.*\n)+\n-- Down Migration\n(--.*\n)+$/)
    expect(existsSync(join(folder, 'tenant-migrations'))).toBe(false)
  })
})
