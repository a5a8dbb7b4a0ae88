import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ENGINE_SERVERS } from '../support/engines'
import { linkModules, packRowhouse } from '../support/packed'
import { uniquePrefix } from '../support/servers'

/*
 * The tarball, unpacked into a project with a stock jest: no configuration, no flags, no transform of packages. What the
 * project has beside it are the real packages of this repository, found through the links of its node_modules.
 */
const root = join(__dirname, '../..')
const project = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-stock-')))
const modules = join(project, 'node_modules')
const server = ENGINE_SERVERS[0]!

beforeAll(() => {
  const { tarball } = packRowhouse(join(project, 'packed'))
  linkModules(project, tarball)
  rmSync(join(project, 'packed'), { recursive: true })
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(project, name)), { recursive: true })
    writeFileSync(join(project, name), text)
  }
}, 120_000)

afterAll(async () => {
  rmSync(project, { recursive: true, force: true })
  await server.dropPrefix(PREFIX)
})

const PREFIX = uniquePrefix('stock')

/** A piece of code of docs/testing.md, by the file name in its first line. */
function exampleOf(name: string): string {
  const page = readFileSync(join(root, 'docs/testing.md'), 'utf8')
  const code = page.split('```js\n').find((block) => block.startsWith(`// ${name}\n`))
  if (code === undefined) throw new Error(`docs/testing.md has no "// ${name}".`)
  // The only change: the tests of this run share one database.
  return code.split('```')[0]!.replace('createTenancy({', 'createTenancy({ prefix: process.env.PREFIX,')
}

const FILES = {
  'package.json': '{ "name": "stock", "private": true }',
  'tenant-migrations/20200101000000_widget_types.sql':
    '-- Up Migration\ncreate table widget_types (id serial primary key, name text);\n-- Down Migration\ndrop table widget_types;\n',
  'tenant-migrations/20200102000000_widgets.js':
    "exports.up = (pgm) => pgm.createTable('widgets', { id: 'id', name: 'text', type_id: { type: 'integer', references: 'widget_types' } })\n",
  'tenant-migrations/20200104000000_index.mjs':
    "export const up = (pgm) => pgm.createIndex('widgets', 'name')\n",
  'tenant-migrations/20200103000000_note.ts':
    "import { PgLiteral } from 'node-pg-migrate'\nimport type { MigrationBuilder } from 'node-pg-migrate'\n" +
    "export const up = (pgm: MigrationBuilder): void => pgm.addColumn('widgets', { at: { type: 'timestamptz', default: new PgLiteral('now()') } })\n",
  // As the page has them.
  'app.js': exampleOf('app.js'),
  'app.test.js': exampleOf('app.test.js'),
  'plain.mjs': `
    import test from 'node:test'
    import { assertNoLeaks, temporaryTenants } from 'rowhouse/testing'
    import example from './app.js'
    const { app, tenancy } = example
    test('no leaks', async () => {
      const temporary = temporaryTenants(tenancy)
      try {
        await assertNoLeaks({
          tenancy, app, rounds: 5, tenants: await temporary.create(2),
          request: ({ id }) => ({ headers: { 'x-tenant': id } }),
          routes: ['GET /widgets', { path: '/widgets', body: { name: '{unique}' } }],
        })
      } finally {
        await temporary.drop()
        await tenancy.close()
      }
    })`,
  'more.test.js': `
    const express = require('express')
    const { findLeaks, recordingEngine, temporaryTenants } = require('rowhouse/testing')
    const { createTenancy, fromHeader } = require('rowhouse')
    const { tenancy } = require('./app')
    jest.setTimeout(30_000)

    const temporary = temporaryTenants(tenancy)
    let tenants
    beforeAll(async () => { tenants = await temporary.create(2) })
    afterAll(async () => { await temporary.drop(); await tenancy.close() })

    function lossyJson(req, res, next) {
      let text = ''
      req.on('data', (part) => (text += part)).on('end', () => { req.body = JSON.parse(text); next() })
    }
    test('a lossy parser is named', async () => {
      const app = express()
      app.use(tenancy.middleware({ resolve: fromHeader('x-tenant'), trustResolution: true }))
      app.post('/widgets', lossyJson, async (req, res) => {
        await tenancy.pool.query('insert into widgets (name) values ($1)', [req.body.name])
        res.end()
      })
      const { leaks } = await findLeaks({
        tenancy, tenants, app, rounds: 5,
        request: ({ id }) => ({ headers: { 'x-tenant': id } }),
        routes: [{ path: '/widgets', body: { name: '{unique}' } }],
      })
      expect(leaks[0]).toMatchObject({ kind: 'lost-context', blame: '"lossyJson"' })
      expect(leaks[0].where).toContain('more.test.js')
    })
    test('migrations of each kind have run', async () => {
      const { versions } = await tenancy.status(tenants[0])
      expect(versions).toEqual([20200101000000, 20200102000000, 20200103000000, 20200104000000])
    })
    test('a tenant is emptied', async () => {
      await tenancy.run(tenants[0], () => tenancy.pool.query("insert into widgets (name) values ('x')"))
      expect(await temporary.reset()).toEqual({ emptied: 2, remade: 0 })
      const { rows } = await tenancy.run(tenants[0], () => tenancy.pool.query('select * from widgets'))
      expect(rows).toEqual([])
    })
    test('a recording pool needs no server', async () => {
      const engine = recordingEngine()
      const recorded = createTenancy({ engine })
      await recorded.run('acme', () => recorded.pool.query('select 1'))
      expect(engine.queries).toMatchObject([{ tenant: 'acme', text: 'select 1' }])
    })`,
} as const

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  ...{ DATABASE_URL: server.appUrl, OWNER_URL: server.ownerUrl, PREFIX, NODE_OPTIONS: '' },
})

test('node:test runs the same', async () => {
  const options = { cwd: project, env: environment(), timeout: 60_000, encoding: 'utf8' } as const
  expect(execFileSync(process.execPath, ['--test', '--test-reporter=tap', 'plain.mjs'], options)).toContain(
    '# pass 1',
  )
  expect(await server.schemas(PREFIX)).toEqual([])
}, 90_000)

test('a stock jest runs leak tests and makes tenants, without any flag', async () => {
  expect(existsSync(join(modules, 'rowhouse/dist/testing/index.js'))).toBe(true)
  const env = environment()
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
  expect(result).toMatchObject({ numPassedTests: 5, numTotalTests: 5 })
  expect(await server.schemas(PREFIX)).toEqual([])
}, 90_000)
