import type { Client } from 'pg'

/** What the shared schemas are before a step. */
interface SharedState {
  readonly relations: readonly { readonly oid: string; readonly name: string }[]
  /** Of what is no relation, or is changed without a lock that shows. */
  readonly print: string
}

// All by way of pg_depend, whose index knows a schema: in pg_class and pg_type that is a walk over all tenants' rows.
// Internal triggers are left out: a foreign key of a tenant's table makes some on the shared one.
/** @param schemas - their names, as an SQL expression */
const stateSql = (schemas: string): string => `
  with member as (
    select d.classid, d.objid from pg_catalog.pg_depend d join pg_catalog.pg_namespace n on n.oid = d.refobjid
     where d.refclassid = 'pg_catalog.pg_namespace'::regclass and n.nspname = any (${schemas})
  ), relations as (
    select objid as oid from member where classid = 'pg_catalog.pg_class'::regclass
    union all
    select i.indexrelid from member m join pg_catalog.pg_index i on i.indrelid = m.objid
     where m.classid = 'pg_catalog.pg_class'::regclass
  ), objects as (
    select classid, objid, '' as version from member
    union all select 0, t.oid, t.xmin::text from member m
      join pg_catalog.pg_type t on (t.tableoid, t.oid) = (m.classid, m.objid)
    union all select 0, p.oid, p.xmin::text from member m
      join pg_catalog.pg_proc p on (p.tableoid, p.oid) = (m.classid, m.objid)
    union all select 0, e.oid, e.xmin::text from member m join pg_catalog.pg_enum e on e.enumtypid = m.objid
     where m.classid = 'pg_catalog.pg_type'::regclass
    union all select 0, t.oid, t.xmin::text from relations r join pg_catalog.pg_trigger t on t.tgrelid = r.oid
     where not t.tgisinternal
    union all select 0, c.oid, c.xmin::text from relations r join pg_catalog.pg_constraint c on c.conrelid = r.oid
  )
  select (select coalesce(json_agg(json_build_object('oid', oid::text, 'name', oid::regclass)), '[]') from relations) as relations,
         (select coalesce(md5(string_agg(o::text, ' ' order by classid, objid, version)), '') from objects o) as print`

// Locks are kept until the transaction ends, so they tell of each change, whichever statement or function made it.
// nextval() locks a sequence as a change of a table does; references and FOR UPDATE take ROW SHARE.
/** @param oids, schemas - as SQL expressions */
const touchedSql = (oids: string, schemas: string): string => `
  select l.relation::text as oid, l.relation::regclass::text as name
    from pg_catalog.pg_locks l left join pg_catalog.pg_class c on c.oid = l.relation
   where l.pid = pg_backend_pid() and l.locktype = 'relation'
     and (l.relation = any (${oids}) or c.relnamespace in (select oid from pg_catalog.pg_namespace where nspname = any (${schemas})))
     and (l.mode in ('ShareUpdateExclusiveLock', 'ShareLock', 'ExclusiveLock', 'AccessExclusiveLock')
       or l.mode = case c.relkind when 'S' then 'ShareRowExclusiveLock' else 'RowExclusiveLock' end)
   order by 1 limit 1`

/**
 * Remembers the shared schemas before a step of a migration, inside its transaction.
 *
 * @returns tells afterwards what of them the step changed, `shared.countries`; undefined where it only read
 */
export async function watchShared(
  client: Client,
  schemas: readonly string[],
): Promise<() => Promise<string | undefined>> {
  if (schemas.length === 0) return async () => undefined
  const readState = async (): Promise<SharedState> =>
    (await client.query<SharedState>(stateSql('$1'), [schemas])).rows[0]!
  const before = await readState()
  return async () => {
    const oids = before.relations.map(({ oid }) => oid)
    const { rows } = await client.query<{ oid: string; name: string }>(touchedSql('$1', '$2'), [
      oids,
      schemas,
    ])
    const [touched] = rows
    // One that was dropped has no name any more.
    if (touched) return before.relations.find(({ oid }) => oid === touched.oid)?.name ?? touched.name
    return (await readState()).print === before.print ? undefined : schemas.join(', ')
  }
}

/** What the shared schemas are, as an SQL expression: the same text as long as nothing of them changes. */
export function sharedPrint(schemas: string): string {
  return `(select print from (${stateSql(schemas)}) as shared)`
}

/** Whether this transaction holds a lock of who changes them, as an SQL expression. */
export function sharedTouch(schemas: string): string {
  return `exists (${touchedSql("'{}'", schemas)})`
}
