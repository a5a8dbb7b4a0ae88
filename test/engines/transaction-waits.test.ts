import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

/** On one connection everybody waits, and is called back in the context of whoever gives it back. */
describe.each(ENGINE_SERVERS)('transactions that wait for a connection on $name', (server) => {
  const town = new EngineTown(server, 'waiting', { size: 1 })
  beforeAll(async () => {
    for (const id of ['acme', 'globex']) await town.tenancy.create(id)
  })
  afterAll(() => town.close())

  test('begin for the tenant that asked for them', async () => {
    const ids = Array.from({ length: 10 }, (_, turn) => (turn % 2 === 0 ? 'acme' : 'globex'))
    await Promise.all(
      ids.map((id, turn) =>
        town.tenancy.run(id, () => town.tenancy.transaction(() => town.insert(`${id}-${turn}`))),
      ),
    )
    expect(await town.kept('acme')).toEqual([0, 2, 4, 6, 8].map((turn) => `acme-${turn}`))
    expect(await town.kept('globex')).toEqual([1, 3, 5, 7, 9].map((turn) => `globex-${turn}`))
  })
})
