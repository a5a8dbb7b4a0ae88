import { escapeIdentifier } from 'pg'
import type { Client } from 'pg'
import type { DropOptions } from '../engine'
import { TenantInUseError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import type { Access } from './access'
import { inTransaction } from './transaction'

/**
 * What DROP SCHEMA ... CASCADE would take along from elsewhere. `n` in pg_depend is a dependency that only CASCADE
 * overcomes; `a` goes without it, which for a table is a partition in another schema; `e` is an extension's hold on what
 * it made. Rules, triggers, policies and defaults are in the schema of their table. The schema of an identity is quoted.
 */
const OUTSIDE = `
  with inside as (
    select 'pg_catalog.pg_namespace'::regclass::oid as classid, oid as objid from pg_catalog.pg_namespace where nspname = $1
    union
    select classid, objid from pg_catalog.pg_depend
     where refclassid = 'pg_catalog.pg_namespace'::regclass and refobjid = to_regnamespace($2)
       and classid <> 'pg_catalog.pg_extension'::regclass
    union select 'pg_catalog.pg_class'::regclass, oid from pg_catalog.pg_class where relnamespace = to_regnamespace($2)
    union select 'pg_catalog.pg_type'::regclass, oid from pg_catalog.pg_type where typnamespace = to_regnamespace($2)
  ), dependent as (
    select d.classid, d.objid, d.objsubid from inside i
      join pg_catalog.pg_depend d on d.refclassid = i.classid and d.refobjid = i.objid
     where d.deptype = 'n' or d.deptype = 'a' and d.classid = 'pg_catalog.pg_class'::regclass
    union
    select d.refclassid, d.refobjid, 0 from inside i
      join pg_catalog.pg_depend d on d.classid = i.classid and d.objid = i.objid where d.deptype = 'e'
  ), named as (
    select coalesce(view.classid, d.classid) as classid, coalesce(view.objid, d.objid) as objid, d.objsubid
      from dependent d left join (
        select oid as rule, 'pg_catalog.pg_class'::regclass::oid as classid, ev_class as objid
          from pg_catalog.pg_rewrite where rulename = '_RETURN'
      ) view on d.classid = 'pg_catalog.pg_rewrite'::regclass and view.rule = d.objid
  )
  select distinct o.type || ' ' || o.identity as name
    from named n, pg_catalog.pg_identify_object(n.classid, n.objid, n.objsubid) o,
         pg_catalog.pg_identify_object_as_address(n.classid, n.objid, n.objsubid) a
   where coalesce(o.schema, quote_ident(a.object_names[1])) <> quote_ident($1)
     and n.classid <> all (array['pg_cast', 'pg_amop', 'pg_amproc']::regclass[])
   order by 1`

const MAX_NAMED = 10

/**
 * Drops a schema with all that is in it, and what gave the application access to it.
 *
 * @throws {@link TenantInUseError} where something outside of it would go along, without `cascade`
 */
export async function dropSchema(
  client: Client,
  schema: SchemaName,
  { tenant, access, cascade = false }: DropOptions & { readonly tenant: string; readonly access: Access },
): Promise<void> {
  await inTransaction(client, async () => {
    if (!cascade) await refuseUse(client, schema, tenant)
    await client.query(`drop schema ${escapeIdentifier(schema)} cascade`)
    await access.take(schema)
  })
}

async function refuseUse(client: Client, schema: SchemaName, tenant: string): Promise<void> {
  await lockTables(client, schema)
  const { rows } = await client.query<{ name: string }>(OUTSIDE, [schema, escapeIdentifier(schema)])
  if (rows.length === 0) return
  const objects = rows.map(({ name }) => name)
  const more = objects.length > MAX_NAMED ? `, and ${objects.length - MAX_NAMED} more` : ''
  throw new TenantInUseError(
    `Dropping "${schema}" would take along what stands on it from outside: ${objects.slice(0, MAX_NAMED).join(', ')}${more}. ` +
      'Drop or change that first, or say `cascade: true`. Nothing was dropped.',
    { tenant, objects },
  )
}

/** So that nothing comes between the look and what follows: no view, no foreign key, no transaction that goes on. */
export async function lockTables(client: Client, schema: SchemaName): Promise<void> {
  const { rows } = await client.query<{ tables: string | null }>(
    `select string_agg(format('%I.%I', $1::text, relname), ', ') as tables from pg_catalog.pg_class
      where relnamespace = to_regnamespace($2) and relkind in ('r', 'p') and pg_has_role(relowner, 'USAGE')`,
    [schema, escapeIdentifier(schema)],
  )
  const tables = rows[0]?.tables
  if (tables) await client.query(`lock table ${tables} in access exclusive mode`)
}
