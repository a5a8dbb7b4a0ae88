import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ENGINE_SERVERS } from '../support/engines'
import { uniquePrefix } from '../support/servers'

/*
 * The tarball, unpacked into a project with a stock jest: no configuration, no flags, no transform of packages. What the
 * project has beside it are the real packages of this repository, found through the links of its node_modules.
 */
const root = join(__dirname, '../..')
const project = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-stock-')))
const modules = join(project, 'node_modules')
const server = ENGINE_SERVERS[0]!

const npm = (cwd: string, ...args: string[]): string =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

beforeAll(() => {
  const staged = join(project, 'staged')
  mkdirSync(staged)
  // Compiled where it is packed: its source maps lead jest to the same paths as those of a release.
  for (const name of [
    'src',
    'tsconfig.json',
    'tsconfig.build.json',
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
  ])
    cpSync(join(root, name), join(staged, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(staged, 'node_modules'))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', join(staged, 'tsconfig.build.json')])
  const [packed] = JSON.parse(npm(staged, 'pack', '--json', '--ignore-scripts')) as { filename: string }[]
  linkModules()
  mkdirSync(join(modules, 'rowhouse'))
  execFileSync('tar', [
    '-xzf',
    join(staged, packed!.filename),
    '--strip-components=1',
    '-C',
    join(modules, 'rowhouse'),
  ])
  rmSync(staged, { recursive: true })
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(project, name)), { recursive: true })
    writeFileSync(join(project, name), text)
  }
}, 120_000)

afterAll(async () => {
  rmSync(project, { recursive: true, force: true })
  await server.dropPrefix(PREFIX)
})

/** A folder of its own with a link to each package: what a link leads to is not among the project's own files. */
function linkModules(): void {
  mkdirSync(modules)
  const own = join(root, 'node_modules')
  for (const name of readdirSync(own)) {
    if (name !== 'rowhouse' && name !== '.package-lock.json')
      symlinkSync(join(own, name), join(modules, name))
  }
}

const PREFIX = uniquePrefix('stock')

const FILES = {
  'package.json': '{ "name": "stock", "private": true }',
  'tenant-migrations/20200101000000_widget_types.sql':
    '-- Up Migration\ncreate table widget_types (id serial primary key, name text);\n-- Down Migration\ndrop table widget_types;\n',
  'tenant-migrations/20200102000000_widgets.js':
    "exports.up = (pgm) => pgm.createTable('widgets', { id: 'id', name: 'text', type_id: { type: 'integer', references: 'widget_types' } })\n",
  'tenant-migrations/20200103000000_note.ts':
    "import { PgLiteral } from 'node-pg-migrate'\nimport type { MigrationBuilder } from 'node-pg-migrate'\n" +
    "export const up = (pgm: MigrationBuilder): void => pgm.addColumn('widgets', { at: { type: 'timestamptz', default: new PgLiteral('now()') } })\n",
  'app.js': `
    const express = require('express')
    const { createTenancy, fromHeader } = require('rowhouse')
    const { postgres } = require('rowhouse/postgres')
    exports.tenancy = createTenancy({
      engine: postgres({ connectionString: process.env.DATABASE_URL, migrationUrl: process.env.OWNER_URL, max: 2 }),
      prefix: process.env.PREFIX,
    })
    exports.createApp = (upload) => {
      const app = express()
      app.use(exports.tenancy.middleware({ resolve: fromHeader('x-tenant'), trustResolution: true }))
      app.get('/widgets', async (req, res) => res.json((await exports.tenancy.pool.query('select name from widgets order by id')).rows))
      app.post('/widgets', ...upload, async (req, res) => {
        await exports.tenancy.pool.query('insert into widgets (name) values ($1)', [req.body.name])
        res.json({})
      })
      return app
    }`,
  'app.test.js': `
    const express = require('express')
    const { assertNoLeaks, findLeaks, recordingEngine, temporaryTenants } = require('rowhouse/testing')
    const { createTenancy } = require('rowhouse')
    const { createApp, tenancy } = require('./app')
    const temporary = temporaryTenants(tenancy)
    let tenants
    beforeAll(async () => { tenants = await temporary.create(2) })
    afterAll(async () => { await temporary.drop(); await tenancy.close() })

    const test_ = (upload) => ({
      tenancy, tenants, app: createApp(upload), rounds: 10,
      request: ({ id }) => ({ headers: { 'x-tenant': id } }),
      routes: ['GET /widgets', { method: 'POST', path: '/widgets', body: { name: '{unique}' } }],
    })
    function lossyJson(req, res, next) {
      let text = ''
      req.on('data', (part) => (text += part)).on('end', () => { req.body = JSON.parse(text); next() })
    }

    test('no tenant sees another', () => assertNoLeaks(test_([express.json()])))
    test('a lossy parser is named', async () => {
      const { leaks } = await findLeaks(test_([lossyJson]))
      expect(leaks[0]).toMatchObject({ kind: 'lost-context', blame: '"lossyJson"' })
      expect(leaks[0].where).toContain('app.js')
    })
    test('migrations of each kind have run', async () => {
      const { versions } = await tenancy.status(tenants[0])
      expect(versions).toEqual([20200101000000, 20200102000000, 20200103000000])
    })
    test('a recording pool needs no server', async () => {
      const engine = recordingEngine()
      const recorded = createTenancy({ engine })
      await recorded.run('acme', () => recorded.pool.query('select 1'))
      expect(engine.queries).toMatchObject([{ tenant: 'acme', text: 'select 1' }])
    })`,
} as const

test('a stock jest runs leak tests and makes tenants, without any flag', async () => {
  expect(existsSync(join(modules, 'rowhouse/dist/testing/index.js'))).toBe(true)
  const env = {
    ...process.env,
    DATABASE_URL: server.appUrl,
    OWNER_URL: server.ownerUrl,
    PREFIX,
    NODE_OPTIONS: '',
  }
  const jest = join(modules, '.bin/jest')
  let output: string
  try {
    execFileSync(jest, ['--json', '--outputFile=result.json'], {
      cwd: project,
      env,
      stdio: 'pipe',
      timeout: 60_000,
    })
    output = ''
  } catch (error) {
    output = String((error as { stderr?: unknown }).stderr)
  }
  expect(output).toBe('')
  const result = JSON.parse(readFileSync(join(project, 'result.json'), 'utf8')) as {
    numPassedTests: number
    numTotalTests: number
  }
  expect(result).toMatchObject({ numPassedTests: 4, numTotalTests: 4 })
  expect(await server.schemas(PREFIX)).toEqual([])
}, 90_000)
