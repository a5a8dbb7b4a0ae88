import type { Client } from 'pg'
import type { Structures } from '../schema-facts'
import type { SchemaName } from '../tenant/schema-name'
import { MARK_TABLE } from './marks'
import { inTransaction } from './transaction'

/** SQLSTATEs of what is gone while it is read, of a lock that is held, and of a full table of locks. */
const PASSING = /^(XX000|42P01|42704|3F000|55P03|53200)$/

/**
 * A line for each thing in some schemas, with their own names taken out: by name, never by number. All names are written in full there,
 * since no search_path is set.
 */
const LINES = `
  with here as materialized (select oid, nspname, quote_ident(nspname) as name from pg_catalog.pg_namespace where nspname = any ($1)),
  rel as materialized (
    select c.oid, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.relpartbound, c.relnamespace as ns, quote_ident(c.relname) as name
      from pg_catalog.pg_class c join here on here.oid = c.relnamespace
     where c.relkind in ('r', 'v', 'm', 'p', 'f', 'S') and c.relname <> all ($2)),
  raw as (
    select ns, concat_ws(' ', case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end, name,
        nullif(relpersistence::text, 'p'), case when relrowsecurity then 'row security' end, pg_get_expr(relpartbound, oid),
        case when relkind = 'p' then pg_get_partkeydef(oid) end, case when relkind in ('v', 'm') then pg_get_viewdef(oid) end) as line from rel
    union all
    select ns, concat_ws(' ', 'column', rel.name || '.' || quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
        case when a.attcollation <> t.typcollation then 'collate ' || (select collname from pg_catalog.pg_collation where oid = a.attcollation) end,
        case when a.attnotnull then 'not null' end, nullif(a.attidentity::text, '') || ' identity', nullif(a.attgenerated::text, '') || ' generated',
        'default ' || pg_get_expr(d.adbin, d.adrelid))
      from rel join pg_catalog.pg_attribute a on a.attrelid = rel.oid and a.attnum > 0 and not a.attisdropped
      join pg_catalog.pg_type t on t.oid = a.atttypid
      left join pg_catalog.pg_attrdef d on d.adrelid = rel.oid and d.adnum = a.attnum where rel.relkind not in ('v', 'S')
    union all
    select ns, concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), case when not i.indisvalid then 'INVALID' end)
      from rel join pg_catalog.pg_index i on i.indrelid = rel.oid
    union all
    select ns, concat_ws(' ', 'constraint', rel.name || '.' || quote_ident(c.conname), pg_get_constraintdef(c.oid))
      from rel join pg_catalog.pg_constraint c on c.conrelid = rel.oid where c.contype <> 'n'
    union all
    select ns, concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), nullif(t.tgenabled::text, 'O'))
      from rel join pg_catalog.pg_trigger t on t.tgrelid = rel.oid where not t.tgisinternal
    union all
    select ns, 'policy ' || rel.name || '.' || quote_ident(p.polname) || ' ' || concat_ws(' ', p.polcmd::text, p.polpermissive,
        pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
      from rel join pg_catalog.pg_policy p on p.polrelid = rel.oid
    union all
    select ns, 'rule ' || pg_get_ruledef(r.oid) from rel join pg_catalog.pg_rewrite r on r.ev_class = rel.oid where r.rulename <> '_RETURN'
    union all
    select here.oid, 'function ' || case when p.prokind = 'a' then p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ') aggregate'
        else pg_get_functiondef(p.oid) end
      from here join pg_catalog.pg_proc p on p.pronamespace = here.oid
    union all
    select here.oid, 'type ' || quote_ident(t.typname) || ' ' || case t.typtype
        when 'e' then (select 'enum ' || string_agg(quote_literal(enumlabel), ', ' order by enumsortorder) from pg_catalog.pg_enum where enumtypid = t.oid)
        when 'd' then concat_ws(' ', 'domain', format_type(t.typbasetype, t.typtypmod), case when t.typnotnull then 'not null' end, t.typdefault,
          (select string_agg(pg_get_constraintdef(oid), ' ' order by conname) from pg_catalog.pg_constraint where contypid = t.oid and contype <> 'n'))
        else 'of kind ' || t.typtype::text end
      from here join pg_catalog.pg_type t on t.typnamespace = here.oid where t.typtype in ('e', 'd', 'r')),
  lines as (
    select here.nspname::text as schema,
        replace(case when here.name = here.nspname then regexp_replace(raw.line, '\\m' || here.name || '\\.', '', 'g') else replace(replace(raw.line, replace(here.name, '''', '''''') || '.', ''), here.name || '.', '') end,
          quote_literal(here.nspname), '''{schema}''') as line
      from raw join here on here.oid = raw.ns)`

const HASHES = `${LINES}
  select here.nspname::text as schema, coalesce(encode(sha256(convert_to(string_agg(line, E'\\n' order by line collate "C"), 'UTF8')), 'hex'), '') as print
    from here left join lines on lines.schema = here.nspname::text group by 1`

/** Tells how schemas are built. */
export function structuresIn(client: Client, migrationsTable: string): Structures {
  const ours = [MARK_TABLE, migrationsTable, `${migrationsTable}_id_seq`]
  const ask = async <Row extends object>(sql: string, schemas: readonly SchemaName[]): Promise<Row[]> => {
    let rows: Row[] = []
    await inTransaction(client, async () => {
      // A role that reads strings otherwise would read our patterns, and write its defaults, otherwise.
      await client.query(
        'set local search_path to pg_catalog; set local transaction_read_only to on; set local standard_conforming_strings to on',
      )
      rows = (await client.query<Row>(sql, [schemas, ours])).rows
    })
    return rows
  }
  const fingerprints = async (schemas: readonly SchemaName[]): Promise<ReadonlyMap<SchemaName, string>> => {
    try {
      const rows = await ask<{ schema: SchemaName; print: string }>(HASHES, schemas)
      return new Map(rows.map(({ schema, print }) => [schema, print]))
    } catch (error) {
      if (!PASSING.test((error as { code?: string }).code ?? '')) throw error
      if (schemas.length <= 1) return new Map()
      // One of them changes, or all their views need more locks than there are.
      const half = Math.ceil(schemas.length / 2)
      const parts = [await fingerprints(schemas.slice(0, half)), await fingerprints(schemas.slice(half))]
      return new Map(parts.flatMap((part) => [...part]))
    }
  }
  return {
    fingerprints,
    async lines(schema) {
      const rows = await ask<{ line: string }>(`${LINES} select line from lines order by line collate "C"`, [
        schema,
      ])
      return rows.map(({ line }) => line)
    },
  }
}
