import { EngineTown } from '../engines/support/engine-town'
import { ENGINE_SERVERS } from '../support/engines'

describe.each(ENGINE_SERVERS)('a worker that was started in an open transaction on $name', (server) => {
  let town: EngineTown
  beforeEach(async () => {
    town = new EngineTown(server, 'worker in a transaction')
    for (const id of ['acme', 'globex']) await town.tenancy.create(id)
  })
  afterEach(() => town.close())

  test.each(['acme', 'globex'])(
    'does the jobs of %s outside of it, and they stay when it is rolled back',
    async (id) => {
      const { tenancy } = town
      const work = tenancy.wrapJob((job: { data: { name: string } }) => town.insert(job.data.name))
      const failed = tenancy.run('acme', () =>
        tenancy.transaction(async () => {
          await town.insert('rolled back')
          await work({ data: { name: 'done', tenant: id } } as never)
          throw new Error('no')
        }),
      )
      await expect(failed).rejects.toThrow('no')
      expect([await town.kept('acme'), await town.kept('globex')]).toEqual(
        id === 'acme' ? [['done'], []] : [[], ['done']],
      )
    },
  )
})
