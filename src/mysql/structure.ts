import type { Structures } from '../schema-facts'
import type { SchemaName } from '../tenant/schema-name'
import type { MigrationSession } from './migration-session'
import { MARK_TABLE } from './marks'
import { quoteName, sha256Of } from './sql'

interface Row {
  readonly place: number
  readonly line: string
  /** The table that it is about. */
  readonly home: string
}

/** How many databases are described in one question: the server looks for each by its name, and into no other. */
const CHUNK = 20

/** A line for each thing in a database, `?` being its name: a name given as a value makes the server open nothing else. */
const QUESTIONS: readonly string[] = [
  `select concat_ws(' ', 'table', table_name, table_type, engine, table_collation) as line, table_name as home
     from information_schema.tables where table_schema = ?`,
  `select concat_ws(' ', 'column', concat(table_name, '.', column_name), column_type, collation_name, if(is_nullable = 'NO', 'not null', null),
          concat('default ', column_default), nullif(extra, ''), nullif(generation_expression, '')) as line, table_name as home
     from information_schema.columns where table_schema = ?`,
  `select concat_ws(' ', 'index', concat(table_name, '.', index_name), index_type, if(non_unique = 0, 'unique', null), seq_in_index, column_name, sub_part,
          collation) as line, table_name as home
     from information_schema.statistics where table_schema = ?`,
  `select concat_ws(' ', 'reference', concat(table_name, '.', constraint_name), ordinal_position, column_name, 'to',
          if(referenced_table_schema = table_schema, null, referenced_table_schema), referenced_table_name, referenced_column_name) as line, table_name as home
     from information_schema.key_column_usage where table_schema = ? and referenced_table_name is not null`,
  `select concat_ws(' ', 'reference', concat(table_name, '.', constraint_name), 'on update', update_rule, 'on delete', delete_rule) as line, table_name as home
     from information_schema.referential_constraints where constraint_schema = ?`,
  `select concat_ws(' ', 'check', constraint_name, check_clause) as line, '' as home
     from information_schema.check_constraints where constraint_schema = ?`,
  `select concat_ws(' ', 'view', table_name, security_type, view_definition) as line, table_name as home
     from information_schema.views where table_schema = ?`,
  `select concat_ws(' ', 'trigger', trigger_name, action_timing, event_manipulation, event_object_table, action_order, action_statement) as line,
          event_object_table as home
     from information_schema.triggers where trigger_schema = ?`,
  `select concat_ws(' ', lower(r.routine_type), r.routine_name, r.dtd_identifier, r.is_deterministic, r.sql_data_access, r.security_type, r.routine_definition) as line,
          '' as home
     from information_schema.routines r where routine_schema = ?`,
  `select concat_ws(' ', 'parameter', concat(specific_name, '.', ordinal_position), parameter_mode, parameter_name, dtd_identifier) as line, '' as home
     from information_schema.parameters where specific_schema = ?`,
]

/** Tells how databases are built. */
export function structuresIn(session: MigrationSession, migrationsTable: string): Structures {
  const ours = new Set([MARK_TABLE, migrationsTable])
  const linesOf = async (schemas: readonly SchemaName[]): Promise<readonly string[][]> => {
    const lines: string[][] = schemas.map(() => [])
    for (const question of QUESTIONS) {
      const parts = schemas.map((_, place) => `select ${place} as place, q.* from (${question}) as q`)
      for (const { place, line, home } of await session.rows<Row>(parts.join(' union all '), schemas)) {
        const at = Number(place)
        if (!ours.has(home)) lines[at]!.push(line.replaceAll(`${quoteName(schemas[at]!)}.`, ''))
      }
    }
    return lines.map((own) => own.sort())
  }
  return {
    async fingerprints(schemas) {
      const prints = new Map<SchemaName, string>()
      for (let at = 0; at < schemas.length; at += CHUNK) {
        const chunk = schemas.slice(at, at + CHUNK)
        const all = await linesOf(chunk)
        for (const [place, schema] of chunk.entries()) prints.set(schema, sha256Of(all[place]!.join('\n')))
      }
      return prints
    },
    lines: async (schema) => (await linesOf([schema]))[0]!,
  }
}
