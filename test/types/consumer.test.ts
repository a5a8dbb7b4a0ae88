import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/*
 * The declarations as a project gets them that has few of the packages that Rowhouse works with, and checks the libraries it
 * uses (`skipLibCheck: false`).
 */
const ROOT = join(__dirname, '../..')
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-consumer-')))
const built = join(folder, 'built')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function tsc(...args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

/** Makes a project with Rowhouse and these packages. @returns its file */
function projectWith(name: string, packages: readonly string[], code: string): string {
  const modules = join(folder, name, 'node_modules')
  cpSync(built, join(modules, 'rowhouse'), { recursive: true })
  for (const one of packages) {
    mkdirSync(dirname(join(modules, one)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', one), join(modules, one))
  }
  writeFileSync(join(folder, name, 'package.json'), '{"type":"module"}')
  const file = join(folder, name, 'app.ts')
  writeFileSync(file, code)
  return file
}

/** No driver, framework or library at all. */
const MAIN = `
  import { createTenancy, fromSession, listen, CHANNELS } from 'rowhouse'
  import type { Tenancy, TenantRecord } from 'rowhouse'
  import { fastifyTenant } from 'rowhouse/fastify'
  import { honoTenant } from 'rowhouse/hono'
  import { httpTenant } from 'rowhouse/http'
  import { koaTenant } from 'rowhouse/koa'
  import * as sockets from 'rowhouse/socket.io'
  declare const tenancy: Tenancy<unknown, unknown, { plan: string }>
  const plan: string | undefined = tenancy.current()?.record?.plan
  const record: TenantRecord<typeof tenancy> = { plan: '' }
  tenancy.middleware({ resolve: fromSession('t'), authorize: (_req, { record }) => record.plan === plan })
  void [createTenancy, listen, CHANNELS, fastifyTenant, honoTenant, httpTenant, koaTenant, sockets, record]
  // @ts-expect-error not a property of the record
  void tenancy.current()?.record?.price
`
/** The drivers, and nothing else. */
const ENGINES = `
  import { createTenancy } from 'rowhouse'
  import { mysql } from 'rowhouse/mysql'
  import { postgres } from 'rowhouse/postgres'
  const tenancy = createTenancy({ engine: postgres({}), directory: async (id) => ({ id, seats: 1 }) })
  const seats: number | undefined = tenancy.current()?.record?.seats
  const { rowCount }: { rowCount: number | null } = await tenancy.pool.query('select 1')
  const [rows] = await createTenancy({ engine: mysql({ uri: '' }) }).pool.query('select 1')
  void [seats, rowCount, rows]
  // @ts-expect-error pg's pool takes texts
  void tenancy.pool.query(1)
`
/** And node-pg-migrate, which comes along with ours. */
const DRIVERS = ['@types/pg', 'pg-types', 'pg-protocol', 'mysql2', 'node-pg-migrate']

test('the main entry and the adapters need no types of others, and an engine those of its driver', () => {
  cpSync(join(ROOT, 'package.json'), join(built, 'package.json'))
  const out = [
    '--outDir',
    join(built, 'dist'),
    '--emitDeclarationOnly',
    '--noCheck',
    '--sourceMap',
    'false',
    '--inlineSources',
    'false',
  ]
  expect(tsc('-p', join(ROOT, 'tsconfig.build.json'), ...out)).toBe('')
  symlinkSync(join(ROOT, 'node_modules/@types'), join(folder, 'types'))
  const files = [projectWith('main', [], MAIN), projectWith('engines', DRIVERS, ENGINES)]
  const target = ['--target', 'es2022', '--module', 'nodenext', '--moduleResolution', 'nodenext']
  const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false']
  // Node's types alone: a project on Node.js has them.
  const types = ['--typeRoots', join(folder, 'types'), '--types', 'node']
  expect(tsc(...target, ...strict, ...types, ...files)).toBe('')
}, 120_000)
