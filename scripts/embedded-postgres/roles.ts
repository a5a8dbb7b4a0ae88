import { Client } from 'pg'

/** Roles and database that each server gets: the owner of the schemas, who makes roles, beside a role that only works in them. */
export const OWNER_ROLE = 'rowhouse_owner'
/** The role an application connects as: neither superuser nor owner, so it can't create a schema. */
export const APP_ROLE = 'rowhouse_app'
/** The database that {@link OWNER_ROLE} owns and {@link APP_ROLE} may connect to. */
export const DATABASE = 'rowhouse'

/** Creates the roles and the database where they are missing, so that a kept data folder starts again. */
export async function createRoles(superuserUrl: string): Promise<void> {
  const client = new Client({ connectionString: superuserUrl })
  await client.connect()
  try {
    for (const role of [OWNER_ROLE, APP_ROLE]) {
      if (await isMissing(client, 'pg_roles', 'rolname', role))
        await client.query(`create role ${role} login`)
    }
    await client.query(`alter role ${OWNER_ROLE} createrole; alter role ${APP_ROLE} noinherit`)
    if (await isMissing(client, 'pg_database', 'datname', DATABASE)) {
      await client.query(`create database ${DATABASE} owner ${OWNER_ROLE}`)
    }
    await client.query(`grant connect on database ${DATABASE} to ${APP_ROLE}`)
  } finally {
    await client.end()
  }
}

async function isMissing(client: Client, catalog: string, column: string, name: string): Promise<boolean> {
  const { rowCount } = await client.query(`select from ${catalog} where ${column} = $1`, [name])
  return rowCount === 0
}
