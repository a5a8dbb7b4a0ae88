import { escapeIdentifier } from 'pg'
import type { Client } from 'pg'
import type { ReadTenant } from '../fleet-reader'
import { TenantMoveError } from '../run-errors'
import type { SchemaName } from '../tenant/schema-name'
import { canonicalPath } from './search-path'

/*
 * PostgreSQL keeps what it has understood by number, so it goes along with a schema that is renamed. What it keeps as text
 * does not: the settings and the bodies of functions, and names in strings. Left as they are, they would lead into the next
 * tenant of the old name.
 */

const SETTING = 'search_path='

/** Functions that set a search_path (`SET search_path FROM CURRENT`) set the new name from now on. */
export async function repointFunctions(client: Client, from: SchemaName, to: SchemaName): Promise<void> {
  const { rows } = await client.query<{ routine: string; settings: string[] }>(
    `select oid::regprocedure::text as routine, proconfig as settings from pg_catalog.pg_proc
      where pronamespace = to_regnamespace($1) and proconfig is not null`,
    [escapeIdentifier(to)],
  )
  const old = escapeIdentifier(from)
  for (const { routine, settings } of rows) {
    const setting = settings.find((text) => text.startsWith(SETTING))
    const path = setting === undefined ? undefined : canonicalPath(setting.slice(SETTING.length))
    if (path === undefined) continue
    const parts = path.split(/,(?=")/)
    if (!parts.includes(old)) continue
    const next = parts.map((part) => (part === old ? escapeIdentifier(to) : part)).join(', ')
    await client.query(`alter routine ${routine} set search_path to ${next}`)
  }
}

/** What is in a schema, as text, with the names of today for all that is kept by number. */
const TEXTS = `
  with here as (select to_regnamespace($1)::oid as oid),
       relations as (select c.oid, c.relkind from pg_catalog.pg_class c, here where c.relnamespace = here.oid)
  select 'function ' || p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as text
    from pg_catalog.pg_proc p, here where p.pronamespace = here.oid and p.prokind <> 'a'
  union all select 'view ' || oid::regclass::text, pg_get_viewdef(oid) from relations where relkind in ('v', 'm')
  union all select 'default of ' || adrelid::regclass::text, pg_get_expr(adbin, adrelid)
    from pg_catalog.pg_attrdef where adrelid in (select oid from relations)
  union all select 'constraint of ' || conrelid::regclass::text, pg_get_constraintdef(oid)
    from pg_catalog.pg_constraint where conrelid in (select oid from relations)
  union all select 'index ' || indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    from pg_catalog.pg_index where indrelid in (select oid from relations)
  union all select 'trigger of ' || tgrelid::regclass::text, pg_get_triggerdef(oid)
    from pg_catalog.pg_trigger where not tgisinternal and tgrelid in (select oid from relations)
  union all select 'rule of ' || ev_class::regclass::text, pg_get_ruledef(oid)
    from pg_catalog.pg_rewrite where rulename <> '_RETURN' and ev_class in (select oid from relations)
  union all select 'policy of ' || polrelid::regclass::text,
      concat_ws(' ', pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
    from pg_catalog.pg_policy where polrelid in (select oid from relations)`

/** @throws TenantMoveError where a text in the renamed schema has its old name */
export async function refuseMentions(client: Client, from: ReadTenant, to: SchemaName): Promise<void> {
  const { rows } = await client.query<{ name: string; text: string | null }>(TEXTS, [escapeIdentifier(to)])
  const objects = [
    ...new Set(rows.filter(({ text }) => mentions(text ?? '', from.schema)).map(({ name }) => name)),
  ]
  if (objects.length === 0) return
  throw new TenantMoveError(
    `"${from.schema}" can't be renamed to "${to}", because its old name stands in a text that would not change: ` +
      `${objects.join(', ')}. Leave the schema's name out there. Nothing was changed.`,
    { tenant: from.id, objects },
  )
}

/** Whether a name stands in a text by itself, and not as a part of a longer one. */
export function mentions(text: string, name: string): boolean {
  const letter = /[\p{L}\p{N}_$-]/u
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    const [before, behind] = [text[at - 1] ?? ' ', text[at + name.length] ?? ' ']
    if (!letter.test(before) && !letter.test(behind)) return true
  }
  return false
}
