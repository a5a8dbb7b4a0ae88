import { eventually, Town } from '../lifecycle/support'
import { SERVERS } from '../support/servers'

describe.each(SERVERS)('a creation whose connection is ended on $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  test('leaves nothing, and the next creation is given another connection', async () => {
    town = await Town.open(server, 'killed', {
      '20200101000000_a.sql': 'create table a (id int); select pg_sleep(0.5)',
    })
    const killed = town.tenancy.create('acme').then(
      () => 'created',
      (error: { code?: string }) => error.code,
    )
    await eventually(async () => {
      const { rowCount } = await town.owner.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = $1 and wait_event = 'PgSleep' and pid <> pg_backend_pid()`,
        [town.prefix],
      )
      return rowCount === 0 ? undefined : true
    })
    expect(await killed).toBe('57P01')
    expect(await town.tenancy.create('beta')).toMatchObject({ created: true })
    expect(await town.schemas()).toEqual([`${town.prefix}beta`])
  })
})
