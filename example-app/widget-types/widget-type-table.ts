import type { Sql } from '../database/database'
import { isForeignKeyError } from '../database/database-error'
import { HttpError, notFound } from '../http/http-error'

/** A row of a tenant's `widget_types`. */
export interface WidgetType {
  readonly id: string
  readonly name: string
}

/** The widget types of the tenant whose request it is. */
export class WidgetTypeTable {
  readonly #sql: Sql

  /** @param sql - of the tenancy's pool */
  constructor(sql: Sql) {
    this.#sql = sql
  }

  list(): Promise<WidgetType[]> {
    return this.#sql.rows('select id, name from widget_types order by id')
  }

  /** @throws HttpError 404 */
  async find(id: string): Promise<WidgetType> {
    const [type] = await this.#sql.rows<WidgetType>('select id, name from widget_types where id = ?', [id])
    if (type === undefined) throw notFound()
    return type
  }

  async insert(name: string): Promise<WidgetType> {
    return this.find(await this.#sql.insert('insert into widget_types (name) values (?)', [name]))
  }

  /** @throws HttpError 404 */
  async rename(id: string, name: string): Promise<WidgetType> {
    const sql = `update widget_types set name = ?, updated_at = ${this.#sql.now} where id = ?`
    await this.#sql.change(sql, [name, id])
    return this.find(id)
  }

  /** @throws HttpError 404, and 409 while widgets are of it */
  async remove(id: string): Promise<void> {
    try {
      const count = await this.#sql.change('delete from widget_types where id = ?', [id])
      if (count === 0) throw notFound()
    } catch (error) {
      if (!isForeignKeyError(error)) throw error
      throw new HttpError(409, "This widget type can't be deleted while widgets are of it.")
    }
  }
}
