import { escapeIdentifier } from 'pg'
import type { Client } from 'pg'
import type { ReadTenant } from '../fleet-reader'
import { ASIDE_MARK, ASIDE_PREFIX } from '../schema-moves'
import type { AsideSchema, SchemaMoves } from '../schema-moves'
import type { SchemaName } from '../tenant/schema-name'
import type { Access } from './access'
import { dropSchema, lockTables } from './drop-schema'
import { MARK_TABLE, markTable, schemasWith } from './marks'
import { refuseMentions, repointFunctions } from './schema-mentions'
import { inTransaction } from './transaction'

type AsideRow = Omit<AsideSchema, 'schema'>

/** Renames schemas on the owner's connection: each time in one transaction, with the mark and the role. */
export function schemaMovesOf(client: Client, access: Access): SchemaMoves {
  return {
    setAside: ({ id, schema }, to, keptUntil) =>
      inTransaction(client, async () => {
        await renameSchema(client, access, { from: schema, to, tenant: id })
        await client.query(
          `alter table ${markTable(to)} rename to ${escapeIdentifier(ASIDE_MARK)};
           alter table ${asideTable(to)} add column was text, add column kept_until timestamptz,
             add column dropped_at timestamptz default now()`,
        )
        await client.query(`update ${asideTable(to)} set was = $1, kept_until = $2`, [schema, keptUntil])
      }),
    listAside: () => listAside(client),
    bringBack: ({ schema, was, tenant }) =>
      inTransaction(client, async () => {
        await client.query(
          `alter table ${asideTable(schema)} drop column was, drop column kept_until, drop column dropped_at;
           alter table ${asideTable(schema)} rename to ${escapeIdentifier(MARK_TABLE)}`,
        )
        await renameSchema(client, access, { from: schema, to: was, tenant })
      }),
    purge: ({ schema, tenant }, cascade) => dropSchema(client, schema, { tenant, access, cascade }),
    async rename(from, to) {
      await access.expectRoom(to.schema)
      await inTransaction(client, () => rename(client, access, from, to))
    },
  }
}

async function rename(client: Client, access: Access, from: ReadTenant, to: ReadTenant): Promise<void> {
  await renameSchema(client, access, { from: from.schema, to: to.schema, tenant: from.id })
  await client.query(`update ${markTable(to.schema)} set tenant = $1`, [to.id])
  await repointFunctions(client, from.schema, to.schema)
  await refuseMentions(client, from, to.schema)
}

async function renameSchema(
  client: Client,
  access: Access,
  { from, to, tenant }: { readonly from: SchemaName; readonly to: SchemaName; readonly tenant: string },
): Promise<void> {
  // Whoever is in the middle of a transaction there ends it first: its next statement would find another tenant of that name.
  await lockTables(client, from)
  await access.move(from, to, tenant)
  await client.query(`alter schema ${escapeIdentifier(from)} rename to ${escapeIdentifier(to)}`)
}

async function listAside(client: Client): Promise<readonly AsideSchema[]> {
  const found: AsideSchema[] = []
  for (const schema of await schemasWith(client, ASIDE_MARK, ASIDE_PREFIX)) {
    const read = client.query<AsideRow>(
      `select tenancy, tenant, was, dropped_at as "droppedAt", kept_until as "keptUntil" from ${asideTable(schema)}`,
    )
    // Gone meanwhile, or another owner's, whom it is left to.
    const [row] = await read.then(
      (answer) => answer.rows,
      () => [],
    )
    if (row !== undefined) found.push({ schema, ...row })
  }
  return found
}

function asideTable(schema: string): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(ASIDE_MARK)}`
}
