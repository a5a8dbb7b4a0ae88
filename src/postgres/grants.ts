import { escapeIdentifier } from 'pg'
import type { ClientBase } from 'pg'
import type { SchemaName } from '../tenant/schema-name'

/**
 * What the application's role may do in a tenant; made before the migrations run, so that it holds for all they make. As SQL.
 */
export function useGrants(schema: SchemaName, role: string): string {
  const [name, to] = [escapeIdentifier(schema), escapeIdentifier(role)]
  const defaults = `alter default privileges in schema ${name} grant`
  return `grant usage on schema ${name} to ${to};
    ${defaults} select, insert, update, delete on tables to ${to};
    ${defaults} usage, select on sequences to ${to};
    ${defaults} execute on functions to ${to}`
}

/** Lets the application's role read a table of ours, and no more. As SQL. */
export function readingGrants(table: string, role: string): string {
  const to = escapeIdentifier(role)
  return `revoke all on ${table} from ${to}; grant select on ${table} to ${to}`
}

/** What a schema that existed before needs on top: rights on the objects that are there. */
export async function grantExisting(client: ClientBase, schema: SchemaName, role: string): Promise<void> {
  const [name, to] = [escapeIdentifier(schema), escapeIdentifier(role)]
  await client.query(
    `grant select, insert, update, delete on all tables in schema ${name} to ${to};
     grant usage, select on all sequences in schema ${name} to ${to};
     grant execute on all routines in schema ${name} to ${to}`,
  )
}

/** Takes back all that was granted in a schema. */
export async function revokeUse(client: ClientBase, schema: SchemaName, role: string): Promise<void> {
  const [name, from] = [escapeIdentifier(schema), escapeIdentifier(role)]
  const defaults = `alter default privileges in schema ${name} revoke all on`
  await client.query(
    `${defaults} tables from ${from}; ${defaults} sequences from ${from}; ${defaults} functions from ${from};
     revoke all on all tables in schema ${name} from ${from};
     revoke all on all sequences in schema ${name} from ${from};
     revoke all on all routines in schema ${name} from ${from};
     revoke all on schema ${name} from ${from}`,
  )
}

/** Lets a role read this one table of a schema, and no more. */
export async function lookInto(
  client: ClientBase,
  schema: SchemaName,
  table: string,
  role: string,
): Promise<void> {
  await client.query(`grant usage on schema ${escapeIdentifier(schema)} to ${escapeIdentifier(role)}`)
  await client.query(readingGrants(table, role))
}
