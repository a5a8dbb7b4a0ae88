import { createHash } from 'node:crypto'
import type { FleetGroup, FleetStatus } from '../fleet/status-fleet'

/** How a tenant stands: `problem` can't be looked at. */
export type Standing = 'active' | 'suspended' | 'creating' | 'problem'

/** One line of the list. */
export interface ListedTenant {
  readonly id: string
  readonly standing: Standing
  /** Where its migrations stand; undefined of one that is half made or a problem. */
  readonly group: KeyedGroup | undefined
}

/** A group with a name that stays as long as it stands where it does. */
export interface KeyedGroup extends FleetGroup {
  readonly key: string
}

/** The fleet as it was at one moment. */
export interface FleetView {
  readonly at: Date
  /** How long the survey took. */
  readonly ms: number
  readonly status: FleetStatus
  readonly groups: readonly KeyedGroup[]
  /** All, by id. */
  readonly tenants: readonly ListedTenant[]
}

/** What is looked for in the list. */
export interface Search {
  /** A part of the id, in any case. */
  readonly text: string
  readonly standing: Standing | undefined
  /** Key of a group. */
  readonly group: string | undefined
  /** From 1. */
  readonly page: number
}

/** Some of the list. */
export interface FoundPage {
  readonly tenants: readonly ListedTenant[]
  /** How many fit. */
  readonly found: number
  /** From 1; the last one where more were asked for. */
  readonly page: number
  readonly pages: number
}

/** How many tenants a page has. */
const PAGE_SIZE = 50

/** Makes the list of a survey. */
export function viewOf(status: FleetStatus, at: Date, ms: number): FleetView {
  const groups = status.groups.map((group): KeyedGroup => ({ ...group, key: keyOf(group) }))
  const suspended = new Set(status.suspended)
  const tenants = [
    ...groups.flatMap((group) =>
      group.tenants.map((id): ListedTenant => {
        return { id, group, standing: suspended.has(id) ? 'suspended' : 'active' }
      }),
    ),
    ...status.creating.map((id): ListedTenant => ({ id, group: undefined, standing: 'creating' })),
    ...status.problems.map(({ tenant }): ListedTenant => {
      return { id: tenant, group: undefined, standing: 'problem' }
    }),
  ]
  tenants.sort((one, other) => (one.id < other.id ? -1 : 1))
  return { at, ms, status, groups, tenants }
}

/** Searches the list. */
export function search({ tenants }: FleetView, { text, standing, group, page }: Search): FoundPage {
  const part = text.toLowerCase()
  const found = tenants.filter(
    (one) =>
      (part === '' || one.id.toLowerCase().includes(part)) &&
      (standing === undefined || one.standing === standing) &&
      (group === undefined || one.group?.key === group),
  )
  const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE))
  const at = Math.min(page, pages)
  const shown = found.slice((at - 1) * PAGE_SIZE, at * PAGE_SIZE)
  return { tenants: shown, found: found.length, page: at, pages }
}

function keyOf({ tenants: _tenants, ...state }: FleetGroup): string {
  return createHash('sha256').update(JSON.stringify(state)).digest('hex').slice(0, 10)
}
