import type { Finding } from './finding'

/** How the owner's connection, where there is one of its own, was found. */
export type MigrationsConnection =
  { readonly state: 'none' | 'direct' | 'indirect' } | { readonly state: 'failed'; readonly problem: string }

/** What a connection that could not be opened is to the doctor. */
export function failedBy(error: unknown): MigrationsConnection {
  const { message, code } = error as { message?: string; code?: string }
  return { state: 'failed', problem: message || code || String(error) }
}

/** Judges the connection of the schemas' owner. */
export function judgeMigrations(
  connection: MigrationsConnection,
  indirect: 'pooler-before-migrations' | 'proxy-before-migrations',
): Finding[] {
  if (connection.state === 'failed')
    return [
      {
        code: 'migrations-unreachable',
        severity: 'error',
        reason: `The connection of \`migrationUrl\` can't be used: ${connection.problem}`,
        cure: 'Mend `migrationUrl` (OWNER_URL, MYSQL_OWNER_URL); without it no tenant can be created or migrated.',
      },
    ]
  if (connection.state !== 'indirect') return []
  return [
    {
      code: indirect,
      severity: 'error',
      reason:
        'Something stands between `migrationUrl` and the server: the session is not the one that was opened.',
      cure: 'Give `migrationUrl` the direct address of the server; the locks of migrations belong to a session.',
    },
  ]
}
