import type { Sql } from '../database/database'

/** How many widgets are of one type. */
export interface TypeCount {
  /** Null: widgets that have no type. */
  readonly widget_type: string | null
  readonly widgets: number
}

/** Counts the widgets of the tenant whose request it is. */
export interface WidgetReport {
  /** By the name of the type. */
  counts(): Promise<readonly TypeCount[]>
  /** Ends the connections that only it uses. */
  close(): Promise<void>
}

/** By the pool that the rest of this application uses. */
export function plainReport(sql: Sql): WidgetReport {
  return {
    async counts() {
      const rows = await sql.rows<TypeCount>(`
        select widget_types.name as widget_type, count(*) as widgets
        from widgets left join widget_types on widget_types.id = widget_type_id
        group by widget_types.id, widget_types.name
        order by widget_types.name is null, widget_types.name, widget_types.id`)
      return rows.map((row) => ({ ...row, widgets: Number(row.widgets) }))
    },
    close: async () => {},
  }
}
