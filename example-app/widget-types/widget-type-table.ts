import type { Pool } from 'pg'
import { isForeignKeyError } from '../http/database-error'
import { HttpError, notFound } from '../http/http-error'

/** A row of a tenant's `widget_types`. */
export interface WidgetType {
  readonly id: string
  readonly name: string
}

/** The widget types of the tenant whose request it is. */
export class WidgetTypeTable {
  readonly #pool: Pool

  /** @param pool - the tenancy's */
  constructor(pool: Pool) {
    this.#pool = pool
  }

  async list(): Promise<WidgetType[]> {
    return (await this.#pool.query<WidgetType>('select id, name from widget_types order by id')).rows
  }

  /** @throws HttpError 404 */
  find(id: string): Promise<WidgetType> {
    return this.#one('select id, name from widget_types where id = $1', [id])
  }

  insert(name: string): Promise<WidgetType> {
    return this.#one('insert into widget_types (name) values ($1) returning id, name', [name])
  }

  /** @throws HttpError 404 */
  rename(id: string, name: string): Promise<WidgetType> {
    const sql = 'update widget_types set name = $2, updated_at = now() where id = $1 returning id, name'
    return this.#one(sql, [id, name])
  }

  /** @throws HttpError 404, and 409 while widgets are of it */
  async remove(id: string): Promise<void> {
    try {
      await this.#one('delete from widget_types where id = $1 returning id, name', [id])
    } catch (error) {
      if (!isForeignKeyError(error)) throw error
      throw new HttpError(409, "This widget type can't be deleted while widgets are of it.")
    }
  }

  async #one(sql: string, values: string[]): Promise<WidgetType> {
    const { rows } = await this.#pool.query<WidgetType>(sql, values)
    if (rows[0] === undefined) throw notFound()
    return rows[0]
  }
}
