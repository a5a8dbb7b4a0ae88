import { join } from 'node:path'
import { createTenancy } from '../../src/index'
import { postgres } from '../../src/postgres/index'
import { runProgram } from '../../src/cli/program'
import { dropPrefix, SERVERS, uniquePrefix, withOwner } from '../support/servers'

const FOLDER = join(__dirname, '../../tenant-migrations')

describe.each(SERVERS)("the example's migrations on $name", (server) => {
  const prefix = uniquePrefix(`migrations ${server.version}`)
  const tenancy = createTenancy({
    engine: postgres({ connectionString: server.appUrl, migrationUrl: server.ownerUrl }),
    prefix,
    migrations: FOLDER,
  })
  afterAll(async () => {
    await tenancy.close()
    await dropPrefix(server, prefix)
  })

  function indexes(): Promise<string[]> {
    return withOwner(server, async (client) => {
      const sql = `select indexname as name from pg_indexes
        where schemaname = $1 and tablename like 'widget%' order by 1`
      return (await client.query(sql, [`${prefix}acme`])).rows.map(({ name }) => name)
    })
  }

  test('go up, down and up again', async () => {
    await tenancy.create('acme')
    const all = await indexes()
    expect(all).toEqual([
      'widget_types_name_index',
      'widget_types_pkey',
      'widgets_name_index',
      'widgets_pkey',
      'widgets_widget_type_id_index',
    ])
    await tenancy.rollback('acme', { all: true })
    expect(await indexes()).toEqual([])
    await tenancy.migrate('acme')
    expect(await indexes()).toEqual(all)
  })
})

test('the command line finds them by itself, with a DATABASE_URL and an OWNER_URL', async () => {
  const server = SERVERS[0]!
  const environment = { ...process.env }
  Object.assign(process.env, { DATABASE_URL: server.appUrl, OWNER_URL: server.ownerUrl })
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
    await dropPrefix(server, `tenant_${tenant}`)
  }
})
