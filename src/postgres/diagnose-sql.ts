/** The server's limits, and what the role is. */
export const SERVER = `
  select current_setting('server_version_num')::int as number, current_setting('server_version') as text,
         r.rolname as role, r.rolsuper as "isSuperuser", r.rolbypassrls as "bypassesRls",
         current_setting('max_connections')::int as connections,
         current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true)::int, 0) as reserved,
         r.rolconnlimit as "roleLimit", d.datconnlimit as "databaseLimit",
         current_setting('max_locks_per_transaction')::int as locks,
         current_setting('max_prepared_transactions')::int as prepared
    from pg_catalog.pg_roles r, pg_catalog.pg_database d
   where r.rolname = current_user and d.datname = current_database()`

/**
 * Schemas with a table of marks, whoever may read it. A table with a toast table takes two more relations, its index being
 * one. Counted in one pass: pg_class has no index by schema.
 */
export const TENANTS = `
  select n.nspname as schema, has_schema_privilege(n.oid, 'USAGE') as "hasUsage",
         has_table_privilege(c.oid, 'SELECT') as "readsMark", has_schema_privilege(n.oid, 'CREATE') as "mayCreate",
         pg_has_role(n.nspowner, 'USAGE') as "isOwned", r.relations::int as relations
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join (
      select relnamespace, count(*) + 2 * count(*) filter (where reltoastrelid <> 0) as relations
        from pg_catalog.pg_class group by relnamespace
    ) r on r.relnamespace = n.oid
   where c.relname = $1 and c.relkind = 'r' and starts_with(n.nspname, $2)
   order by n.nspname collate "C"`

/** Of these schemas, where the role may create. */
export const CREATABLE = `
  select nspname as schema from pg_catalog.pg_namespace
   where nspname = any ($1) and has_schema_privilege(oid, 'CREATE') order by nspname collate "C"`

/** The login counts: SET ROLE brings no settings. */
export const DEFAULT_PATHS = `
  select r.rolname as role, d.datname as database, substr(c.setting, length('search_path=') + 1) as path
    from pg_catalog.pg_db_role_setting s cross join unnest(s.setconfig) as c (setting)
    left join pg_catalog.pg_roles r on r.oid = s.setrole
    left join pg_catalog.pg_database d on d.oid = s.setdatabase
   where starts_with(c.setting, 'search_path=')
     and (s.setrole = 0 or r.rolname = session_user) and (s.setdatabase = 0 or d.datname = current_database())
   order by 1, 2`

/** Tables, views and the like that stand in a shared schema and in a tenant. */
export const DOUBLED = `
  select s.relname as table, sn.nspname as shared, count(*)::int as tenants, min(tn.nspname) as example
    from pg_catalog.pg_class s join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
    join pg_catalog.pg_class t on t.relname = s.relname
    join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
   where sn.nspname = any ($1) and tn.nspname = any ($2) and s.relname <> all ($3)
     and s.relkind in ('r', 'p', 'v', 'm', 'f') and t.relkind in ('r', 'p', 'v', 'm', 'f')
   group by s.relname, sn.nspname order by sn.nspname, s.relname`

/** Extensions whose objects are in a tenant. */
export const EXTENSIONS = `
  select e.extname as name, n.nspname as schema
    from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
   where n.nspname = any ($1) order by e.extname`
