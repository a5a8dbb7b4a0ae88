import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MigrationFolder, WIDGETS } from '../support/migrations'
import { linkModules, packRowhouse } from '../support/packed'
import { dropPrefix, SERVERS, uniquePrefix } from '../support/servers'

/*
 * The package as users get it: compiled, and installed into the node_modules of a project. What the tests run otherwise
 * is the source, compiled by something else, in which even `import()` is another one.
 */
const project = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-package-')))
const installed = join(project, 'node_modules/rowhouse')
const migrations = new MigrationFolder(WIDGETS)
const server = SERVERS[0]!

beforeAll(() => {
  linkModules(project, packRowhouse(join(project, 'packed')).tarball)
}, 120_000)

afterAll(() => {
  rmSync(project, { recursive: true, force: true })
  migrations.remove()
})

function run(file: string, code: string, env: Readonly<Record<string, string>> = {}): unknown {
  writeFileSync(join(project, file), code)
  const out = execFileSync(process.execPath, [join(project, file)], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return JSON.parse(out)
}

test.each(['fastify', 'koa', 'hono', 'http', 'socket.io'])(
  'rowhouse/%s loads nothing of the framework, and knows a tenancy of the main entry',
  (name) => {
    const result = run(
      'adapter.mjs',
      `import { createRequire } from 'node:module'
       import { createTenancy, fromSession } from 'rowhouse'
       import { postgres } from 'rowhouse/postgres'
       import * as adapter from 'rowhouse/${name}'
       const make = Object.values(adapter).find((one) => /Tenant$/.test(one.name))
       const tenancy = createTenancy({ engine: postgres({ connectionString: 'postgres://nobody@127.0.0.1:1/x' }) })
       const made = make(tenancy, { resolve: fromSession('tenantId') })
       const loaded = Object.keys(createRequire(import.meta.url).cache).map((path) => path.split('rowhouse').pop())
       console.log(JSON.stringify([typeof made, loaded.filter((path) => /node_modules.(fastify|koa|hono|socket.io)./.test(path))]))`,
    )
    expect(result).toEqual([name === 'http' ? 'object' : 'function', []])
  },
)

test('rowhouse/nestjs takes Nest from where it is installed', () => {
  const result = run(
    'nest.mjs',
    `import { createTenancy, fromSession } from 'rowhouse'
     import { postgres } from 'rowhouse/postgres'
     import { TenancyModule } from 'rowhouse/nestjs'
     const tenancy = createTenancy({ engine: postgres({ connectionString: 'postgres://nobody@127.0.0.1:1/x' }) })
     console.log(JSON.stringify(TenancyModule.forRoot(tenancy, { resolve: fromSession('tenantId') }).global))`,
  )
  expect(result).toBe(true)
})

test('rowhouse/admin finds its files where it is installed, and loads nothing of a framework', () => {
  const result = run(
    'admin.mjs',
    `import http from 'node:http'
     import { createRequire } from 'node:module'
     import { createTenancy } from 'rowhouse'
     import { postgres } from 'rowhouse/postgres'
     import { adminRouter } from 'rowhouse/admin'
     const tenancy = createTenancy({ engine: postgres({ connectionString: 'postgres://nobody@127.0.0.1:1/x' }) })
     const server = http.createServer(adminRouter({ tenancy, authorize: () => true })).listen(0, '127.0.0.1', async () => {
       const files = ['admin.css', 'admin.js', 'icon.svg']
       const get = (name) => fetch('http://127.0.0.1:' + server.address().port + '/assets/' + name)
       const statuses = await Promise.all(files.map(async (name) => (await get(name)).status))
       const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => /node_modules.express./.test(path.split('rowhouse').pop()))
       console.log(JSON.stringify([statuses, loaded]))
       server.close()
       server.closeAllConnections()
     })`,
  )
  expect(result).toEqual([[200, 200, 200], []])
})

test('require() and import have the same classes and the same context', () => {
  const result = run(
    'both.mjs',
    `import { createRequire } from 'node:module'
     import * as imported from 'rowhouse'
     import { postgres } from 'rowhouse/postgres'
     const required = createRequire(import.meta.url)('rowhouse')
     const engine = postgres({ connectionString: 'postgres://nobody@127.0.0.1:1/x' })
     const one = imported.createTenancy({ engine }), other = required.createTenancy({ engine })
     console.log(JSON.stringify([imported.TenantIdError === required.TenantIdError, one.run('acme', () => other.current().id)]))`,
  )
  expect(result).toEqual([true, 'acme'])
})

test('a migration runs with the real import() of node-pg-migrate', async () => {
  const prefix = uniquePrefix('package')
  try {
    const result = run(
      'create.cjs',
      `const { createTenancy } = require('rowhouse'), { postgres } = require('rowhouse/postgres')
       const { APP, OWNER, PREFIX, MIGRATIONS } = process.env
       const tenancy = createTenancy({ engine: postgres({ connectionString: APP, migrationUrl: OWNER }), prefix: PREFIX, migrations: MIGRATIONS })
       tenancy.create('acme')
         .then(({ versions }) => tenancy.run('acme', () => tenancy.pool.query('select count(*)::int as n from widgets'))
           .then(({ rows }) => console.log(JSON.stringify([versions, rows]))))
         .finally(() => tenancy.close())`,
      { APP: server.appUrl, OWNER: server.ownerUrl, PREFIX: prefix, MIGRATIONS: migrations.path },
    )
    expect(result).toEqual([[20200101000000, 20200102000000], [{ n: 0 }]])
  } finally {
    await dropPrefix(server, prefix)
  }
})

test('rowhouse/slonik finds the parts of slonik from where it is installed', async () => {
  const prefix = uniquePrefix('package slonik')
  try {
    const result = run(
      'slonik.mjs',
      `import { createRequire } from 'node:module'
       import { createTenancy } from 'rowhouse'
       import { postgres } from 'rowhouse/postgres'
       import { createTenantSlonik } from 'rowhouse/slonik'
       const { sql } = createRequire(createRequire(import.meta.url).resolve('rowhouse'))('slonik')
       const { APP, OWNER, PREFIX, MIGRATIONS } = process.env
       const tenancy = createTenancy({ engine: postgres({ connectionString: APP, migrationUrl: OWNER }), prefix: PREFIX, migrations: MIGRATIONS })
       const slonik = await createTenantSlonik(APP, { tenancy })
       await tenancy.create('acme')
       const rows = []
       await tenancy.run('acme', async () => {
         await slonik.query(sql.unsafe\`insert into widgets (name) values ('bolt')\`)
         await slonik.stream(sql.unsafe\`select name from widgets\`, (stream) => { stream.on('data', ({ data }) => rows.push(data)) })
       })
       await Promise.all([slonik.end(), tenancy.close()])
       console.log(JSON.stringify(rows))`,
      { APP: server.appUrl, OWNER: server.ownerUrl, PREFIX: prefix, MIGRATIONS: migrations.path },
    )
    expect(result).toEqual([{ name: 'bolt' }])
  } finally {
    await dropPrefix(server, prefix)
  }
})

test('the CLI starts from its bin', () => {
  const { bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    bin: { rowhouse: string }
  }
  const out = execFileSync(process.execPath, [join(installed, bin.rowhouse), '--help'], { encoding: 'utf8' })
  expect(out).toContain('migrate')
})
