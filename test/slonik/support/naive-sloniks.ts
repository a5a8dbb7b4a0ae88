import type { Driver, DriverClient, DriverFactory } from 'slonik'
import type { Slonik } from './version'

/** Ways to scope slonik that look right, and are not: what the tests of isolation must be able to find. */
export type NaiveRecipe = 'believes its path' | 'reads the tenant late'

/** The schema of the running code's tenant. */
type Current = () => string | undefined

const RECIPES: Readonly<Record<NaiveRecipe, (client: DriverClient, current: Current) => DriverClient>> = {
  // Slonik's DISCARD ALL at each release takes the path away beneath it.
  'believes its path': (client, current) => {
    let believed: string | undefined
    return switching(client, () => {
      const schema = current()
      if (schema === believed) return undefined
      believed = schema
      return schema
    })
  },
  // Sets the path in front of each query, for a tenant that it read where slonik tells of a checkout: slonik gives a
  // connection on in the context of whoever released it.
  'reads the tenant late': (client, current) => {
    let schema: string | undefined
    client.on('acquire', () => (schema = current()))
    return switching(client, () => schema)
  },
}

/** Slonik's own driver, scoped by such a recipe. */
export function naiveDriverFactory(slonik: Slonik, recipe: NaiveRecipe, current: Current): DriverFactory {
  const createDriver = slonik.createPgDriverFactory()
  return async (options) => {
    const driver: Driver = await createDriver(options)
    return { createClient: async () => RECIPES[recipe](await driver.createClient(), current) }
  }
}

function switching(client: DriverClient, next: () => string | undefined): DriverClient {
  return {
    ...client,
    query: async (sql, values) => {
      const schema = next()
      if (schema !== undefined) await client.query(`set search_path to "${schema}"`)
      return client.query(sql, values)
    },
  }
}
