import { join } from 'node:path'
import { createTenancy } from '../../src/index'
import { mysql } from '../../src/mysql/index'
import { postgres } from '../../src/postgres/index'
import { runProgram } from '../../src/cli/program'
import { ENGINE_SERVERS } from '../support/engines'
import type { EngineServer } from '../support/engines'
import { uniquePrefix } from '../support/servers'

const FOLDER = join(__dirname, '../../tenant-migrations')
const VERSIONS = [20151002234250, 20151002234255]
const VARIABLES = {
  postgres: ['DATABASE_URL', 'OWNER_URL'],
  mysql: ['MYSQL_URL', 'MYSQL_OWNER_URL'],
} as const

const SQL = {
  postgres: "select indexname as name from pg_indexes where tablename like 'widget%' and schemaname",
  mysql:
    "select distinct index_name as name from information_schema.statistics where table_name like 'widget%' and table_schema",
}

function open({ engine, appUrl, ownerUrl }: EngineServer, prefix: string, migrations?: string) {
  return engine === 'postgres'
    ? createTenancy({
        engine: postgres({ connectionString: appUrl, migrationUrl: ownerUrl }),
        prefix,
        migrations,
      })
    : createTenancy({ engine: mysql({ uri: appUrl, migrationUrl: ownerUrl }), prefix, migrations })
}

describe.each(ENGINE_SERVERS)("the example's migrations on $name", (server) => {
  const prefix = uniquePrefix(`migrations ${server.name}`)
  // No option `migrations`: the ones of PostgreSQL stand in the folder itself, those of MySQL in its sub-folder.
  const tenancy = open(server, prefix)
  afterAll(async () => {
    await tenancy.close()
    await server.dropPrefix(prefix)
  })

  async function indexes(): Promise<string[]> {
    const rows = await server.asOwner(`${SQL[server.engine]} = '${prefix}acme'`)
    return rows.map(({ name }) => name as string).sort()
  }

  test('go up, down and up again', async () => {
    expect(await tenancy.create('acme')).toMatchObject({ created: true, versions: VERSIONS })
    const all = await indexes()
    expect(all).toEqual(
      expect.arrayContaining([
        'widget_types_name_index',
        'widgets_name_index',
        'widgets_widget_type_id_index',
      ]),
    )
    await tenancy.rollback('acme', { all: true })
    expect(await indexes()).toEqual([])
    await tenancy.migrate('acme')
    expect(await indexes()).toEqual(all)
    expect(await tenancy.status('acme')).toMatchObject({ versions: VERSIONS, pending: [], missing: [] })
  })
})

test.each(ENGINE_SERVERS)('the command line finds them by itself, with the URLs of $name', async (server) => {
  const environment = { ...process.env }
  delete process.env.DATABASE_URL
  const [url, ownerUrl] = VARIABLES[server.engine]
  Object.assign(process.env, { [url]: server.appUrl, [ownerUrl]: server.ownerUrl })
  // Far from the ids that an application on a server of one's own may have.
  const tenant = `migrations-${uniquePrefix('cli').replaceAll('_', '')}`
  let [out, err] = ['', '']
  const run = (...args: string[]): Promise<number> =>
    runProgram(args, { out: (text) => (out += text), err: (text) => (err += text), ask: undefined })
  try {
    expect([await run('create', tenant), err]).toEqual([0, ''])
    expect(out).toBe(`${tenant}: created, 2 migrations run\n`)
    expect(await run('drop', tenant, '--confirm', tenant)).toBe(0)
  } finally {
    process.env = environment
    await server.dropPrefix(`tenant_${tenant}`)
  }
})

test('PostgreSQL passes over the sub-folder of MySQL, also where it is named', async () => {
  const server = ENGINE_SERVERS[0]!
  const prefix = uniquePrefix('named')
  const tenancy = open(server, prefix, FOLDER)
  try {
    expect(await tenancy.create('acme')).toMatchObject({ versions: VERSIONS })
  } finally {
    await tenancy.close()
    await server.dropPrefix(prefix)
  }
})
