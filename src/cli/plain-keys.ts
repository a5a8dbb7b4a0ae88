const TENANCY = ['engine', 'name', 'prefix', 'migrations', 'migrationsTable', 'reserved']
const EVERY_ENGINE = [
  ...['host', 'port', 'user', 'password', 'database', 'ssl'],
  ...['migrationUrl', 'lockTimeoutMs', 'adminMax', 'hygiene', 'isolation', 'maxPerTenant'],
]
const ENGINE: Readonly<Record<string, readonly string[]>> = {
  postgres: [
    ...[
      'connectionString',
      'sharedSchemas',
      'pooler',
      'mode',
      'maxTenantsPerConnection',
      'applicationRole',
      'max',
      'application_name',
      'options',
    ],
    ...['connectionTimeoutMillis', 'idleTimeoutMillis', 'statement_timeout', 'lock_timeout', 'query_timeout'],
  ],
  mysql: [
    ...['uri', 'switch', 'statementBudget', 'applicationUser', 'connectionLimit', 'connectTimeout'],
    ...['charset', 'timezone', 'socketPath', 'acquireTimeoutMs'],
  ],
}

/**
 * Tells which keys of a configuration in JSON nobody reads: a `prefx` that is passed over would let every command work on
 * other schemas than it was told.
 *
 * @param engine - `postgres` or `mysql`
 * @returns one sentence per key
 */
export function unknownKeys(config: object, engine: string, source: string): string[] {
  const known = [...TENANCY, ...EVERY_ENGINE, ...(ENGINE[engine] ?? [])]
  return Object.keys(config)
    .filter((key) => !known.includes(key) && !key.startsWith('$'))
    .map(
      (key) =>
        `${source} has the key "${key}", which is not known. Known: ${known.join(', ')}. ` +
        'Other options of the driver can be set in a rowhouse.config.ts.',
    )
}
