import type { DatabasePool } from 'slonik'
import type { Hygiene } from '../../../src/postgres/hygiene'
import { POOL_SIZE, tenancySubject } from '../../isolation/support/subjects'
import type { Subject } from '../../isolation/support/subjects'
import type { Town } from '../../isolation/support/town'
import { naiveDriverFactory } from './naive-sloniks'
import type { NaiveRecipe } from './naive-sloniks'
import type { Slonik } from './version'

/** A pool of slonik under test, in an application whose tenants a tenancy knows. */
export interface SlonikSubject extends Subject {
  readonly pool: Subject['pool']
  readonly version: Slonik
  readonly slonik: DatabasePool
}

/** The `end()` of slonik 43 passes over some connections, which close when they have been idle. */
const POOL = { maximumPoolSize: POOL_SIZE, idleTimeout: 1000 } as const

/** `createTenantSlonik`, as an application uses it. @param url - of the server, or by way of a proxy */
export async function slonikSubject(
  town: Town,
  version: Slonik,
  { url = town.server.appUrl, ...options }: { url?: string; hygiene?: Hygiene } = {},
): Promise<SlonikSubject> {
  const base = tenancySubject(town, { connectionString: url })
  const slonik = await version.createTenantSlonik(uriOf(town, {}, url), {
    tenancy: base.tenancy,
    ...POOL,
    ...options,
  })
  return onTopOf(base, { version, slonik, name: version.name, isGuarded: true })
}

/** Slonik scoped by a recipe that is wrong. */
export async function naiveSubject(town: Town, version: Slonik, recipe: NaiveRecipe): Promise<SlonikSubject> {
  const base = tenancySubject(town)
  const driverFactory = naiveDriverFactory(version, recipe, () => {
    const tenant = base.current()
    return tenant === undefined ? undefined : town.schema(tenant)
  })
  // The role's own path leads to some schema with the same tables, as one to `public` does elsewhere.
  const uri = uriOf(town, { options: `-c search_path=${town.schema(town.tenants[0]!)}` })
  const slonik = await version.module.createPool(uri, { ...POOL, driverFactory })
  return onTopOf(base, { version, slonik, name: recipe, isGuarded: false })
}

function onTopOf(
  base: Subject,
  parts: Pick<SlonikSubject, 'version' | 'slonik' | 'name' | 'isGuarded'>,
): SlonikSubject {
  const { slonik } = parts
  // Backends are killed here, and an unheard `error` would end the process. Slonik 43 has no events.
  slonik.on?.('error', () => {})
  return { ...base, ...parts, close: () => Promise.all([slonik.end(), base.close()]).then(() => {}) }
}

function uriOf(
  town: Town,
  parameters: Readonly<Record<string, string>> = {},
  server = town.server.appUrl,
): string {
  const url = new URL(server)
  for (const [name, value] of Object.entries({ application_name: town.applicationName, ...parameters }))
    url.searchParams.set(name, value)
  // slonik's parser reads a plus sign as what it is.
  return url.href.replaceAll('+', '%20')
}
