import type { Sql } from '../database/database'
import { isUniqueError } from '../database/database-error'
import { isRecordId } from '../http/record-id'

/** A tenant, as the application knows it. Its tables are in a schema that is named by the id, so its name may change. */
export interface Tenant {
  readonly id: string
  readonly name: string
  /** `acme` of `acme.localhost`. Null where another tenant had the one that its name makes. */
  readonly subdomain: string | null
  readonly inserted_at: Date
  readonly updated_at: Date
}

/** The list of all tenants, in the main schema. */
export class TenantTable {
  readonly #sql: Sql
  readonly #name: string
  readonly #select: string

  /**
   * @param sql - of a pool that knows no tenant
   * @param name - `"public".tenants`
   */
  constructor(sql: Sql, name: string) {
    this.#sql = sql
    this.#name = name
    this.#select = `select id, name, subdomain, inserted_at, updated_at from ${name}`
  }

  list(): Promise<Tenant[]> {
    return this.#sql.rows(`${this.#select} order by id`)
  }

  /** Undefined where there is none, and for what can't be an id. */
  async find(id: string): Promise<Tenant | undefined> {
    if (!isRecordId(id)) return undefined
    return (await this.#sql.rows<Tenant>(`${this.#select} where id = ?`, [id]))[0]
  }

  /** The id of the tenant that has a subdomain, `acme`. */
  async idOf(subdomain: string): Promise<string | undefined> {
    const sql = `select id from ${this.#name} where subdomain = ?`
    return (await this.#sql.rows<Pick<Tenant, 'id'>>(sql, [subdomain]))[0]?.id
  }

  /** Undefined where another tenant has the subdomain. */
  async insert({ name, subdomain }: Pick<Tenant, 'name' | 'subdomain'>): Promise<Tenant | undefined> {
    try {
      const sql = `insert into ${this.#name} (name, subdomain) values (?, ?)`
      return await this.find(await this.#sql.insert(sql, [name, subdomain]))
    } catch (error) {
      if (isUniqueError(error)) return undefined
      throw error
    }
  }

  async rename(id: string, name: string): Promise<Tenant | undefined> {
    const sql = `update ${this.#name} set name = ?, updated_at = ${this.#sql.now} where id = ?`
    await this.#sql.change(sql, [name, id])
    return this.find(id)
  }

  async remove(id: string): Promise<void> {
    await this.#sql.change(`delete from ${this.#name} where id = ?`, [id])
  }
}
