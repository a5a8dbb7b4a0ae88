import type { Tenancy } from 'rowhouse'
import type { Tenant, TenantTable } from '../tenants/tenant-table'

/** How much a tenant has. */
export interface TenantCount {
  readonly tenant: Pick<Tenant, 'id' | 'name'>
  readonly widgets: number
  readonly widget_types: number
}

/** What the report asks. */
export interface FleetReportParts {
  readonly tenants: TenantTable
  readonly tenancy: Pick<Tenancy, 'queryAll'>
}

/** The placeholder stands for each tenant's schema in turn; a hundred of them are read by one statement. */
const COUNTS = `select (select count(*) from {schema}.widgets) as widgets,
  (select count(*) from {schema}.widget_types) as widget_types`

/** Counts for all tenants, the largest first. For whoever runs the application, not for its tenants. */
export async function countAll({ tenants, tenancy }: FleetReportParts): Promise<TenantCount[]> {
  const names = new Map((await tenants.list()).map(({ id, name }) => [id, name]))
  const counts: TenantCount[] = []
  for await (const { tenant: id, row } of tenancy.queryAll(COUNTS)) {
    const name = names.get(id)
    // One that was made since the list was read is in the next report.
    if (name === undefined) continue
    counts.push({
      tenant: { id, name },
      widgets: Number(row.widgets),
      widget_types: Number(row.widget_types),
    })
  }
  return counts.sort((a, b) => b.widgets - a.widgets || Number(a.tenant.id) - Number(b.tenant.id))
}
