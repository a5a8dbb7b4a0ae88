import { escapeIdentifier } from 'pg'
import type { Pool } from 'pg'
import { isRecordId } from '../http/record-id'

/** A tenant, as the application knows it. Its tables are in a schema that is named by the id, so its name may change. */
export interface Tenant {
  readonly id: string
  readonly name: string
  readonly inserted_at: Date
  readonly updated_at: Date
}

const COLUMNS = 'id, name, inserted_at, updated_at'

/** The list of all tenants, in the main schema of the database. */
export class TenantTable {
  readonly #pool: Pool
  readonly #name: string

  /**
   * @param pool - one that knows no tenant
   * @param schema - `public`
   */
  constructor(pool: Pool, schema: string) {
    this.#pool = pool
    this.#name = tenantTableName(schema)
  }

  async list(): Promise<Tenant[]> {
    const { rows } = await this.#pool.query<Tenant>(`select ${COLUMNS} from ${this.#name} order by id`)
    return rows
  }

  /** Undefined where there is none, and for what can't be an id. */
  async find(id: string): Promise<Tenant | undefined> {
    if (!isRecordId(id)) return undefined
    const { rows } = await this.#pool.query<Tenant>(`select ${COLUMNS} from ${this.#name} where id = $1`, [
      id,
    ])
    return rows[0]
  }

  async insert(name: string): Promise<Tenant> {
    const sql = `insert into ${this.#name} (name) values ($1) returning ${COLUMNS}`
    const { rows } = await this.#pool.query<Tenant>(sql, [name])
    return rows[0]!
  }

  async rename(id: string, name: string): Promise<Tenant | undefined> {
    const sql = `update ${this.#name} set name = $2, updated_at = now() where id = $1 returning ${COLUMNS}`
    const { rows } = await this.#pool.query<Tenant>(sql, [id, name])
    return rows[0]
  }

  async remove(id: string): Promise<void> {
    await this.#pool.query(`delete from ${this.#name} where id = $1`, [id])
  }
}

/** `"public".tenants`. Qualified, because no search_path that a tenant's queries have leads there. */
export function tenantTableName(schema: string): string {
  return `${escapeIdentifier(schema)}.tenants`
}
