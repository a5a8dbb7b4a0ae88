import type { EngineTown } from '../../engines/support/engine-town'
import { SERVERS, uniquePrefix, withOwner } from '../../support/servers'

const server = SERVERS[0]!

/** The owner's connection, by which queues make their tables. */
export const OWNER_URL = server.ownerUrl

/** Name for a queue's own schema, which is no tenant's: not below the prefix of the town. */
export function queueSchemaOf(town: EngineTown, title: string): string {
  const name = `${uniquePrefix(`${title} queue`)}q`
  if (name.startsWith(town.prefix)) throw new Error('It would go with the tenants.')
  return name
}

/** Lets the application work with the tables that the owner has made. */
export async function grantQueue(schema: string): Promise<void> {
  const { username } = new URL(server.appUrl)
  await withOwner(server, (owner) =>
    owner.query(
      `grant usage on schema ${schema} to ${username};
       grant all on all tables in schema ${schema} to ${username};
       grant all on all sequences in schema ${schema} to ${username};
       grant execute on all functions in schema ${schema} to ${username}`,
    ),
  )
}

/** graphile-worker lets only the owner of its tables see their rows. */
export async function admitToRows(schema: string): Promise<void> {
  const { username } = new URL(server.appUrl)
  await withOwner(server, async (owner) => {
    const { rows } = await owner.query<{ name: string }>(
      'select c.oid::regclass::text as name from pg_class c where relnamespace = $1::regnamespace and relrowsecurity',
      [schema],
    )
    for (const { name } of rows)
      await owner.query(`create policy application on ${name} to ${username} using (true) with check (true)`)
  })
}

/** Removes a queue's tables. */
export async function dropQueue(schema: string): Promise<void> {
  await withOwner(server, (owner) => owner.query(`drop schema if exists ${schema} cascade`))
}
