import { EngineTown } from '../../engines/support/engine-town'
import { ENGINE_SERVERS } from '../../support/engines'
import type { EngineServer } from '../../support/engines'
import type { Library, LibraryCalls } from './library'
import { naiveMysqlPool, NaivePool } from './naive'
import { callsWithoutTenant, findCrossings } from './spec'

/** Connections of a pool: fewer than requests, so that each one serves both tenants. */
const SIZE = 2
/** Where ours may stand in the error of a library. */
const REFUSALS = ['itself', 'cause']
/** What a naive pool must be caught at, and in how many rounds. */
const ROW = 'foreign row'
const WRITE = 'foreign write'
const MAX_ROUNDS = 10
const FILES = {
  '20200101000000_create_widgets.sql':
    '-- Up Migration\ncreate table widgets (id serial primary key, name varchar(255) not null);\n' +
    '-- Down Migration\ndrop table widgets;\n',
}

/** The tests of a library on each server of its engine. Those of its own traps are added by `more`. */
export function describeLibrary(library: Library, more?: (town: () => EngineTown) => void): void {
  const servers = ENGINE_SERVERS.filter(({ engine }) => engine === library.engine)
  describe.each(servers)(`${library.name} on $name`, (server) => {
    let town: EngineTown
    let calls: LibraryCalls

    beforeAll(async () => {
      town = await settledTown(server, library.name)
      const { tenancy } = town
      calls = await library.open({ tenancy, pool: tenancy.callbackPool ?? tenancy.pool, url: server.appUrl })
    })
    beforeEach(() => seed(town))
    afterAll(async () => {
      await calls?.close()
      await town.close()
    })

    test('requests of two tenants at once read and write only their own', async () => {
      expect(await findCrossings(calls, town)).toEqual([])
    })

    test('a call without a tenant is refused and writes nothing', async () => {
      const answers = await callsWithoutTenant(calls)
      expect(Object.entries(answers).filter(([, answer]) => !REFUSALS.includes(answer))).toEqual([])
      expect([await town.kept('acme'), await town.kept('globex')]).toEqual([['acme seed'], ['globex seed']])
    })

    test('the same requests find foreign rows and foreign writes over a naive pool', async () => {
      expect([...(await crossingsOfNaive(library, server, town))]).toEqual(
        expect.arrayContaining([ROW, WRITE]),
      )
    })

    test('inside tenancy.transaction it is in one transaction with all others, its own ones are savepoints', async () => {
      const { tenancy } = town
      const work = async (): Promise<void> => {
        await calls.insert('one')
        await town.insert('plain')
        await calls.transaction((tx) => tx.insert('two') as Promise<void>)
        const undone = calls.transaction(async (tx) => {
          await tx.insert('undone')
          throw new Error('undone')
        })
        await expect(undone).rejects.toThrow('undone')
        expect((await calls.names()).sort()).toEqual(['acme seed', 'one', 'plain', 'two'])
        expect(await town.kept('acme')).toEqual(['acme seed'])
      }
      const failing = tenancy.run('acme', () => tenancy.transaction(() => work().then(fail)))
      await expect(failing).rejects.toThrow('fail')
      expect(await town.kept('acme')).toEqual(['acme seed'])
      await tenancy.run('acme', () => tenancy.transaction(work))
      expect((await town.kept('acme')).sort()).toEqual(['acme seed', 'one', 'plain', 'two'])
      expect(await town.kept('globex')).toEqual(['globex seed'])
    })

    more?.(() => town)
  })
}

/** Two tenants with a table of widgets. */
async function settledTown(server: EngineServer, title: string): Promise<EngineTown> {
  const town = new EngineTown(server, title, { size: SIZE, files: FILES })
  await town.tenancy.create('acme')
  await town.tenancy.create('globex')
  return town
}

/** Leaves each tenant one widget, with the id 1: `acme seed`. */
async function seed(town: EngineTown): Promise<void> {
  for (const tenant of ['acme', 'globex']) {
    const restart = town.tenancy.callbackPool === undefined ? ' restart identity' : ''
    await town.asOwner(`truncate table widgets${restart}`, tenant)
    await town.asOwner(`insert into widgets (name) values ('${tenant} seed')`, tenant)
  }
}

/** Work with two tenants that have a widget each. */
export async function inTown(
  server: EngineServer,
  title: string,
  work: (town: EngineTown) => Promise<void>,
): Promise<void> {
  const town = await settledTown(server, title)
  try {
    await seed(town)
    await work(town)
  } finally {
    await town.close()
  }
}

async function crossingsOfNaive(
  library: Library,
  server: EngineServer,
  town: EngineTown,
): Promise<Set<string>> {
  const { tenancy } = town
  const pool: any = (server.engine === 'postgres' ? postgresPool : naiveMysqlPool)(
    tenancy,
    server.appUrl,
    SIZE,
  )
  const calls = await (library.openNaive ?? library.open)({ tenancy, pool, url: server.appUrl })
  const found = new Set<string>()
  try {
    // Whose connection is whose is luck.
    for (let round = 0; round < MAX_ROUNDS && !(found.has(ROW) && found.has(WRITE)); round++) {
      await seed(town)
      for (const text of await findCrossings(calls, town)) found.add(text.split(':')[0]!)
    }
    return found
  } finally {
    await calls.close()
    // Libraries end a pool that they were given, or leave it to its owner.
    if (!pool.ending && !pool._closed) await new Promise<void>((resolve) => pool.end(() => resolve()))
  }
}

function postgresPool(...args: ConstructorParameters<typeof NaivePool>): NaivePool {
  return new NaivePool(...args)
}

function fail(): never {
  throw new Error('fail')
}
