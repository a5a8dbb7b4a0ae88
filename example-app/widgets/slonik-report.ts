import { sql } from 'slonik'
import type { DatabasePool } from 'slonik'
import { createTenantSlonik } from 'rowhouse/slonik'
import type { TenantSlonikOptions } from 'rowhouse/slonik'
import type { TypeCount, WidgetReport } from './widget-report'

/** By slonik, beside the pool that the rest of this application uses. Slonik is for PostgreSQL only. */
export class SlonikReport implements WidgetReport {
  readonly #url: string
  readonly #tenancy: TenantSlonikOptions['tenancy']
  #slonik: Promise<DatabasePool> | undefined

  /** @param url - of the application's role */
  constructor(url: string, tenancy: TenantSlonikOptions['tenancy']) {
    this.#url = url
    this.#tenancy = tenancy
  }

  async counts(): Promise<readonly TypeCount[]> {
    const slonik = await this.#open()
    const rows: readonly TypeCount[] = await slonik.any(sql.unsafe`
      select widget_types.name as widget_type, count(*)::int as widgets
      from widgets left join widget_types on widget_types.id = widget_type_id
      group by widget_types.id order by widget_types.name, widget_types.id`)
    return rows
  }

  async close(): Promise<void> {
    await (await this.#slonik)?.end()
  }

  /** Slonik connects while its pool is made: at the first report, and again after a failure. */
  #open(): Promise<DatabasePool> {
    this.#slonik ??= createTenantSlonik(this.#url, { tenancy: this.#tenancy }).catch((error: unknown) => {
      this.#slonik = undefined
      throw error
    })
    return this.#slonik
  }
}
