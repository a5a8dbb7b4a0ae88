import type { Pool } from 'pg'
import type { RoleFacts } from '../doctor/postgres-roles'
import { MARK_TABLE } from './marks'
import { MEMBERSHIPS_WITH_OPTIONS } from './tenant-role'

const ALL = 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'
const BUT_SELECT = 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'
/** As the application, without a role: also what it has by PUBLIC and by membership. */
const TABLES = `
  select n.nspname || '.' || c.relname as name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where n.nspname = any ($1) and c.relkind in ('r', 'p', 'v', 'm', 'f')
     and case c.relname when $2 then has_table_privilege(c.oid, '${BUT_SELECT}')
         else has_table_privilege(c.oid, '${ALL}') or has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') end
   order by 1`
const MISSING = `
  select n.nspname as name from pg_catalog.pg_namespace n left join pg_catalog.pg_roles r on r.rolname = n.nspname
   where n.nspname = any ($1)
     and case when r.oid is null then true
         else not pg_has_role(r.oid, $2) or not has_schema_privilege(r.oid, n.oid, 'USAGE') end
   order by 1`
const MEMBERS = `
  select m.rolname || ' is a member of ' || r.rolname as name
    from pg_catalog.pg_auth_members a
    join pg_catalog.pg_roles m on m.oid = a.member join pg_catalog.pg_roles r on r.oid = a.roleid
   where m.rolname = any ($1)
   order by 1`
const INHERITS =
  'select rolinherit and not rolsuper as inherits from pg_catalog.pg_roles where rolname = current_user'

/** Reads what is to be known of roles, as the application. @param schemas - of all tenants */
export async function readRoles(admin: Pool, schemas: readonly string[], major: number): Promise<RoleFacts> {
  const hasOptions = major >= MEMBERSHIPS_WITH_OPTIONS
  const [tables, missing, members, role] = [
    await admin.query<{ name: string }>(TABLES, [schemas, MARK_TABLE]),
    await admin.query<{ name: string }>(MISSING, [schemas, hasOptions ? 'SET' : 'MEMBER']),
    await admin.query<{ name: string }>(MEMBERS, [schemas]),
    await admin.query<{ inherits: boolean }>(INHERITS),
  ]
  return {
    tables: tables.rows.map(({ name }) => name),
    missing: missing.rows.map(({ name }) => name),
    members: members.rows.map(({ name }) => name),
    inherits: !hasOptions && role.rows[0]?.inherits === true,
  }
}
