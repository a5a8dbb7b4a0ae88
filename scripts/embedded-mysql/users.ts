import { createConnection } from 'mysql2/promise'

/** The owner of the tenants' databases: may create them, and grant what it has. */
export const OWNER = 'rowhouse_owner'
/** The user an application connects as: may do nothing until a tenant is created for it. */
export const APP = 'rowhouse_app'

/**
 * Creates both users where they are missing.
 *
 * @param rootUrl - of a user with all rights
 * @returns version of the server, `10.11.18-MariaDB`
 */
export async function createUsers(rootUrl: string): Promise<string> {
  const root = await createConnection(rootUrl)
  try {
    for (const user of [OWNER, APP]) await root.query(`create user if not exists '${user}'@'%'`)
    await root.query(`grant all privileges on *.* to '${OWNER}'@'%' with grant option`)
    const [rows] = await root.query('select version() as version')
    return (rows as { version: string }[])[0]!.version
  } finally {
    await root.end()
  }
}
