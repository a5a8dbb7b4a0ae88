import { startPgBouncer } from '../../../scripts/embedded-pgbouncer/start'
import type { Hygiene } from '../../../src/postgres/hygiene'
import { Town } from '../../isolation/support/town'
import { StressTown } from '../../mysql/support/stress-town'
import type { Slonik } from '../../slonik/support/version'
import { MYSQL_SERVERS, SERVERS } from '../../support/servers'
import { mysqlRig } from './mysql-rig'
import { localRig, postgresRig, slonikRig } from './postgres-rig'
import type { EngineName, Rig } from './rig'

/** The rigs of a run, and the towns that they stand on: one per server. */
export interface Yard {
  readonly rigs: readonly Rig[]
  clear(): Promise<void>
}

/**
 * Builds a town on each server that these engines need.
 *
 * @param slonik - the version for engine `slonik`
 * @throws when the run has no such server
 */
export async function buildYard(
  engines: readonly EngineName[],
  hygienes: readonly Hygiene[],
  slonik: Slonik,
): Promise<Yard> {
  const grounds: Grounds = { towns: new Map(), ends: [], slonik }
  const rigs: Rig[] = []
  const clear = async (): Promise<void> => {
    for (const end of grounds.ends.reverse()) await end()
  }
  try {
    for (const engine of engines) {
      const make = await foundation(engine, grounds)
      const levels = engine.endsWith('-local') ? hygienes.slice(0, 1) : hygienes
      for (const hygiene of levels) rigs.push(make(hygiene))
    }
  } catch (error) {
    await clear()
    throw error
  }
  return { rigs, clear }
}

/** What rigs stand on. */
interface Grounds {
  readonly towns: Map<string, Town | StressTown>
  /** End what was started, in reverse. */
  readonly ends: (() => Promise<void>)[]
  readonly slonik: Slonik
}

async function foundation(engine: EngineName, grounds: Grounds): Promise<(hygiene: Hygiene) => Rig> {
  const isHard = engine.endsWith('-roles')
  const title = isHard ? 'torture roles' : 'torture'
  if (engine.startsWith('mysql')) {
    const server = MYSQL_SERVERS[0]!
    const isolation = isHard ? 'role' : 'database'
    const town = await built(grounds, server.name + title, () => new StressTown(server, title, isolation))
    return (hygiene) => mysqlRig(engine, town, hygiene)
  }
  const version = engine === 'postgres-15' ? 15 : 18
  const server = SERVERS.find((one) => one.version === version)
  if (server === undefined) throw new Error(`There is no PostgreSQL ${version} in this run.`)
  const isolation = isHard ? 'role' : 'schema'
  const make = (): Town => new Town(server, `${title} ${version}`, isolation)
  const town = await built(grounds, server.name + title, make)
  if (engine === 'slonik') return (hygiene) => slonikRig(town, grounds.slonik, hygiene)
  if (engine !== 'postgres-18-local') return (hygiene) => postgresRig(engine, town, hygiene)
  const pooler = await startPgBouncer({ target: server.appUrl, poolMode: 'transaction' })
  grounds.ends.push(() => pooler.stop())
  return (hygiene) => localRig(engine, town, hygiene, pooler)
}

async function built<T extends Town | StressTown>(
  { towns, ends }: Grounds,
  name: string,
  make: () => T,
): Promise<T> {
  const known = towns.get(name) as T | undefined
  if (known !== undefined) return known
  const town = make()
  towns.set(name, town)
  ends.push(() => town.clear())
  await town.build()
  return town
}
