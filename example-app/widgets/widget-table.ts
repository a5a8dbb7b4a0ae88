import type { Sql, Value } from '../database/database'
import { isForeignKeyError } from '../database/database-error'
import { notFound } from '../http/http-error'
import type { WidgetType } from '../widget-types/widget-type-table'
import type { Widget, WidgetDraft } from './widget'

const SELECT = `select widgets.id, widgets.name, widget_type_id, widget_types.name as widget_type
  from widgets left join widget_types on widget_types.id = widget_type_id`

/** The widgets of the tenant whose request it is: no query says which, and there is none to be passed on. */
export class WidgetTable {
  readonly #sql: Sql

  /** @param sql - of the tenancy's pool */
  constructor(sql: Sql) {
    this.#sql = sql
  }

  list(): Promise<Widget[]> {
    return this.#sql.rows(`${SELECT} order by widgets.id`)
  }

  /** What a widget can be of. */
  types(): Promise<WidgetType[]> {
    return this.#sql.rows('select id, name from widget_types order by name, id')
  }

  /** @throws HttpError 404 */
  async find(id: string): Promise<Widget> {
    const [widget] = await this.#sql.rows<Widget>(`${SELECT} where widgets.id = ?`, [id])
    if (widget === undefined) throw notFound()
    return widget
  }

  /** Undefined where there is no such type. */
  insert({ name, typeId }: WidgetDraft): Promise<Widget | undefined> {
    const values: Value[] = [name, typeId || null]
    return this.#save(() =>
      this.#sql.insert('insert into widgets (name, widget_type_id) values (?, ?)', values),
    )
  }

  /** Undefined where there is no such type. @throws HttpError 404 */
  update(id: string, { name, typeId }: WidgetDraft): Promise<Widget | undefined> {
    const sql = `update widgets set name = ?, widget_type_id = ?, updated_at = ${this.#sql.now} where id = ?`
    return this.#save(async () => {
      await this.#sql.change(sql, [name, typeId || null, id])
      return id
    })
  }

  /** @throws HttpError 404 */
  async remove(id: string): Promise<void> {
    if ((await this.#sql.change('delete from widgets where id = ?', [id])) === 0) throw notFound()
  }

  async #save(save: () => Promise<string>): Promise<Widget | undefined> {
    try {
      return await this.find(await save())
    } catch (error) {
      if (isForeignKeyError(error)) return undefined
      throw error
    }
  }
}
