import type { Hygiene } from '../../../src/postgres/hygiene'
import { Town } from '../../isolation/support/town'
import { StressTown } from '../../mysql/support/stress-town'
import type { Slonik } from '../../slonik/support/version'
import { MYSQL_SERVERS, SERVERS } from '../../support/servers'
import { mysqlRig } from './mysql-rig'
import { postgresRig, slonikRig } from './postgres-rig'
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
  const towns = new Map<string, Town | StressTown>()
  const rigs: Rig[] = []
  const clear = async (): Promise<void> => {
    for (const town of towns.values()) await town.clear()
  }
  try {
    for (const engine of engines) {
      const make = await foundation(engine, towns, slonik)
      for (const hygiene of hygienes) rigs.push(make(hygiene))
    }
  } catch (error) {
    await clear()
    throw error
  }
  return { rigs, clear }
}

async function foundation(
  engine: EngineName,
  towns: Map<string, Town | StressTown>,
  slonik: Slonik,
): Promise<(hygiene: Hygiene) => Rig> {
  if (engine === 'mysql') {
    const server = MYSQL_SERVERS[0]!
    const town = await built(towns, server.name, () => new StressTown(server, 'torture'))
    return (hygiene) => mysqlRig(town, hygiene)
  }
  const version = engine === 'postgres-15' ? 15 : 18
  const server = SERVERS.find((one) => one.version === version)
  if (server === undefined) throw new Error(`There is no PostgreSQL ${version} in this run.`)
  const town = await built(towns, server.name, () => new Town(server, `torture ${server.version}`))
  return (hygiene) =>
    engine === 'slonik' ? slonikRig(town, slonik, hygiene) : postgresRig(engine, town, hygiene)
}

async function built<T extends Town | StressTown>(
  towns: Map<string, Town | StressTown>,
  name: string,
  make: () => T,
): Promise<T> {
  const known = towns.get(name) as T | undefined
  if (known !== undefined) return known
  const town = make()
  towns.set(name, town)
  await town.build()
  return town
}
