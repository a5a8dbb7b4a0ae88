import type { Pool } from 'pg'
import { notFound } from '../http/http-error'
import { isForeignKeyError } from '../http/database-error'
import type { WidgetType } from '../widget-types/widget-type-table'
import type { Widget, WidgetDraft } from './widget'

const SELECT = `select widgets.id, widgets.name, widget_type_id, widget_types.name as widget_type
  from widgets left join widget_types on widget_types.id = widget_type_id`

/** The widgets of the tenant whose request it is: no query says which, and there is none to be passed on. */
export class WidgetTable {
  readonly #pool: Pool

  /** @param pool - the tenancy's */
  constructor(pool: Pool) {
    this.#pool = pool
  }

  async list(): Promise<Widget[]> {
    return (await this.#pool.query<Widget>(`${SELECT} order by widgets.id`)).rows
  }

  /** What a widget can be of. */
  async types(): Promise<WidgetType[]> {
    return (await this.#pool.query<WidgetType>('select id, name from widget_types order by name, id')).rows
  }

  /** @throws HttpError 404 */
  async find(id: string): Promise<Widget> {
    const { rows } = await this.#pool.query<Widget>(`${SELECT} where widgets.id = $1`, [id])
    if (rows[0] === undefined) throw notFound()
    return rows[0]
  }

  /** Undefined where there is no such type. */
  async insert({ name, typeId }: WidgetDraft): Promise<Widget | undefined> {
    const sql = 'insert into widgets (name, widget_type_id) values ($1, $2) returning id'
    return this.#save(sql, [name, typeId || null])
  }

  /** Undefined where there is no such type. @throws HttpError 404 */
  async update(id: string, { name, typeId }: WidgetDraft): Promise<Widget | undefined> {
    const sql =
      'update widgets set name = $1, widget_type_id = $2, updated_at = now() where id = $3 returning id'
    return this.#save(sql, [name, typeId || null, id])
  }

  /** @throws HttpError 404 */
  async remove(id: string): Promise<void> {
    const { rowCount } = await this.#pool.query('delete from widgets where id = $1', [id])
    if (rowCount === 0) throw notFound()
  }

  async #save(sql: string, values: (string | null)[]): Promise<Widget | undefined> {
    try {
      const { rows } = await this.#pool.query<{ id: string }>(sql, values)
      if (rows[0] === undefined) throw notFound()
      return await this.find(rows[0].id)
    } catch (error) {
      if (isForeignKeyError(error)) return undefined
      throw error
    }
  }
}
