import { escapeIdentifier } from 'pg'
import type { ClientBase } from 'pg'
import { ConfigError, SchemaNotOursError } from '../errors'
import { TenantMoveError } from '../run-errors'
import type { SchemaName } from '../tenant/schema-name'

/**
 * The first version where a membership itself says whether its rights are inherited (before, the member's attribute INHERIT
 * does), and where SET ROLE is a privilege type of its own.
 */
export const MEMBERSHIPS_WITH_OPTIONS = 16

interface RoleFacts {
  readonly exists: boolean
  /** Logs in, or may do more than work in tables. */
  readonly isMore: boolean
  readonly isMember: boolean
  readonly isGranted: boolean
  /** Somebody else than the application and its owner has been granted it. */
  readonly hasMembers: boolean
  /** Owns something, or has rights on something, outside of its schema or in another database. */
  readonly hasOthers: boolean
}

/** Of which schema an object is that a role depends on: `d` is of pg_shdepend. */
const SCHEMA_OF = `case d.classid
  when 'pg_catalog.pg_namespace'::regclass then d.objid
  when 'pg_catalog.pg_class'::regclass then (select relnamespace from pg_catalog.pg_class where oid = d.objid)
  when 'pg_catalog.pg_proc'::regclass then (select pronamespace from pg_catalog.pg_proc where oid = d.objid)
  when 'pg_catalog.pg_type'::regclass then (select typnamespace from pg_catalog.pg_type where oid = d.objid)
  when 'pg_catalog.pg_default_acl'::regclass then
    (select defaclnamespace from pg_catalog.pg_default_acl where oid = d.objid)
  end`

const FACTS = `
  select r.oid is not null as exists,
         coalesce(r.rolcanlogin or r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls, false)
           as "isMore",
         exists (select from pg_catalog.pg_auth_members where member = r.oid) as "isMember",
         exists (select from pg_catalog.pg_auth_members m join pg_catalog.pg_roles a on a.oid = m.member
                  where m.roleid = r.oid and a.rolname = $3) as "isGranted",
         exists (select from pg_catalog.pg_auth_members m join pg_catalog.pg_roles a on a.oid = m.member
                  where m.roleid = r.oid and a.rolname not in ($3, current_user)) as "hasMembers",
         exists (select from pg_catalog.pg_shdepend d
                  where d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid = r.oid
                    and not (d.dbid = b.oid and ${SCHEMA_OF} is not distinct from to_regnamespace($2)::oid
                         and to_regnamespace($2) is not null)) as "hasOthers"
    from pg_catalog.pg_database b left join pg_catalog.pg_roles r on r.rolname = $1
   where b.datname = current_database()`

/**
 * @throws SchemaNotOursError where a role of that name could do more than work in the schema: granted, the application could,
 * too; or where others have been granted it, who could work in the tenant
 */
export async function expectNoStranger(client: ClientBase, schema: SchemaName, to: string): Promise<void> {
  if (!isStranger(await readFacts(client, schema, to))) return
  throw new SchemaNotOursError(
    `There is a role "${schema}" that logs in, is a member of other roles, has members, or has rights outside of the schema of ` +
      "that name: the application would get its rights, or its members the tenant's. Drop or rename it, or use another prefix or id.",
  )
}

/**
 * @throws ConfigError where the application's role would have the tenants' rights without taking their roles, or the owner
 * can't make roles
 */
export async function expectRoleMaker(client: ClientBase, to: string): Promise<void> {
  const { rows } = await client.query<{ makes: boolean; inherits: boolean; isSuperuser: boolean }>(
    `select owner.rolcreaterole or owner.rolsuper as makes, app.rolinherit as inherits, app.rolsuper as "isSuperuser"
       from pg_catalog.pg_roles owner, pg_catalog.pg_roles app where owner.rolname = current_user and app.rolname = $1`,
    [to],
  )
  const [row] = rows
  const problems: string[] = []
  if (row === undefined)
    problems.push(`There is no role "${to}" for the application, which \`isolation: "role"\` needs.`)
  if (row?.makes === false)
    problems.push(
      'With `isolation: "role"` the owner of `migrationUrl` makes a role for each tenant: ALTER ROLE ... CREATEROLE.',
    )
  if (row?.isSuperuser === true)
    problems.push(`The application's role "${to}" is a superuser, whom \`isolation: "role"\` does not hold.`)
  if (row?.inherits === true && !(await hasOptions(client)))
    problems.push(
      `Before PostgreSQL 16 a role has the rights of all roles that it is granted, unless it is NOINHERIT: ALTER ROLE "${to}" NOINHERIT.`,
    )
  if (problems.length > 0) throw new ConfigError(problems)
}

/** Makes the role of a tenant, or completes it, and lets the application take it, without having its rights before. */
export async function makeRole(client: ClientBase, schema: SchemaName, to: string): Promise<void> {
  const [role, application] = [escapeIdentifier(schema), escapeIdentifier(to)]
  const { exists } = await readFacts(client, schema, to)
  if (!exists) await client.query(`create role ${role}`)
  const options = (await hasOptions(client)) ? ' with inherit false, set true' : ''
  await client.query(`grant ${role} to ${application}${options}`)
}

/** Whether a tenant has its role, the application may take it, and has nothing in the tenant beside it. Changes nothing. */
export async function hasRole(
  client: ClientBase,
  schema: SchemaName,
  to: string,
  markTable: string,
): Promise<boolean> {
  const options = (await hasOptions(client)) ? 'and m.set_option and not m.inherit_option' : ''
  const { rows } = await client.query<{ isSo: boolean }>(
    `with schema as (select oid, nspacl from pg_catalog.pg_namespace where nspname = $1),
          role as (select oid from pg_catalog.pg_roles where rolname = $1),
          app as (select oid from pg_catalog.pg_roles where rolname = $2),
          direct as (
            select a.privilege_type, 'schema' as what, a.grantee from schema, aclexplode(nspacl) a
            union all
            select a.privilege_type, c.relname, a.grantee
              from schema s join pg_catalog.pg_class c on c.relnamespace = s.oid, aclexplode(c.relacl) a
            union all
            select a.privilege_type, 'column', a.grantee
              from schema s join pg_catalog.pg_class c on c.relnamespace = s.oid
              join pg_catalog.pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a
            union all
            select a.privilege_type, 'default', a.grantee
              from schema s join pg_catalog.pg_default_acl d on d.defaclnamespace = s.oid, aclexplode(d.defaclacl) a
            union all
            select a.privilege_type, 'function', a.grantee
              from schema s join pg_catalog.pg_proc p on p.pronamespace = s.oid, aclexplode(p.proacl) a
          )
     select exists (select from pg_catalog.pg_auth_members m, role, app
                     where m.roleid = role.oid and m.member = app.oid ${options})
        and exists (select from direct d, role where d.grantee = role.oid and what = 'schema')
        and exists (select from direct d, role where d.grantee = role.oid and what = 'default')
        and (select count(*) from direct d, app where d.grantee = app.oid
              and (what, privilege_type) in (('schema', 'USAGE'), ($3, 'SELECT'))) = 2
        and not exists (select from direct d, app where d.grantee = app.oid
              and (what, privilege_type) not in (('schema', 'USAGE'), ($3, 'SELECT'))) as "isSo"`,
    [schema, to, markTable],
  )
  return rows[0]?.isSo === true
}

/** Drops the role of a tenant that is gone, unless it is somebody else's, or serves a tenant of another database, too. */
export async function dropRole(client: ClientBase, schema: SchemaName, to: string): Promise<void> {
  const facts = await readFacts(client, schema, to)
  if (!facts.exists || isStranger(facts)) return
  const role = escapeIdentifier(schema)
  if (!facts.hasOthers) {
    await client.query(`drop role ${role}`)
    return
  }
  // Rights on shared tables, large objects. Only who has its rights may drop them.
  const options = (await hasOptions(client)) ? ' with inherit true' : ''
  await client.query(`grant ${role} to current_user${options}; drop owned by ${role}`)
  const { hasOthers } = await readFacts(client, schema, to)
  await client.query(hasOthers ? `revoke ${role} from current_user` : `drop role ${role}`)
}

/**
 * Gives the role of a tenant the new name of its schema, which still has the old one. Its rights and members go along.
 *
 * @throws TenantMoveError where the role serves a tenant of that name in another database, too
 */
export async function moveRole(
  client: ClientBase,
  {
    from,
    to,
    application,
    tenant,
  }: {
    readonly from: SchemaName
    readonly to: SchemaName
    readonly application: string
    readonly tenant: string
  },
): Promise<void> {
  const facts = await readFacts(client, from, application)
  if (!facts.exists) return
  if (facts.hasOthers || isStranger(facts))
    throw new TenantMoveError(
      `The role "${from}" can't be renamed along with the schema: it has rights elsewhere, in shared schemas or in another ` +
        'database, or members of its own. Revoke them. Nothing was changed.',
      { tenant, objects: [`role ${from}`] },
    )
  await client.query(`alter role ${escapeIdentifier(from)} rename to ${escapeIdentifier(to)}`)
}

/** One that the application may take already gets nothing new. */
function isStranger({ isMore, isMember, isGranted, hasMembers, hasOthers }: RoleFacts): boolean {
  return isMore || isMember || (!isGranted && (hasMembers || hasOthers))
}

async function readFacts(client: ClientBase, schema: SchemaName, to: string): Promise<RoleFacts> {
  const { rows } = await client.query<RoleFacts>(FACTS, [schema, escapeIdentifier(schema), to])
  return rows[0]!
}

async function hasOptions(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ major: number }>(
    "select current_setting('server_version_num')::int / 10000 as major",
  )
  return rows[0]!.major >= MEMBERSHIPS_WITH_OPTIONS
}
