import { ConfigError } from './errors'

/** What stands for a tenant's schema in a SELECT for many tenants. */
const PLACEHOLDER = '{schema}'

/**
 * Letters that end no string, comment or quoted name of any dialect, wherever in a text the placeholder stands, and that no
 * driver takes for a parameter.
 */
const HARMLESS = /^[\p{L}\p{N}_ .@+-]+$/u

/**
 * Puts a schema where the placeholder stands.
 *
 * @param quote - makes a name of the dialect of it
 * @throws ConfigError for a name that could end a string or a comment in which the placeholder stands
 */
export function placeSchema(sql: string, schema: string, quote: (name: string) => string): string {
  if (HARMLESS.test(schema)) return sql.replaceAll(PLACEHOLDER, () => quote(schema))
  throw new ConfigError([
    `The schema ${JSON.stringify(schema)} has letters that can't be put into the text of a query safely. Read it on its own: ` +
      'tenancy.run(tenant, () => tenancy.pool.query(...)).',
  ])
}

/**
 * Checks a SELECT for many tenants, and takes a semicolon off its end.
 *
 * @throws ConfigError where no table in it can be a tenant's: all tenants would be given the same rows
 */
export function checkFleetQuery(sql: string): string {
  if (sql.includes(`${PLACEHOLDER}.`)) return sql.replace(/[\s;]+$/, '')
  throw new ConfigError([
    `A query for many tenants names each tenant's tables as ${PLACEHOLDER}.widgets, and this one has no ${PLACEHOLDER}. in it: ` +
      'all tenants would be given the same rows.',
  ])
}
