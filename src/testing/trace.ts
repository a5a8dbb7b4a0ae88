import { join, sep } from 'node:path'
import type { PlannedRoute, ProbedTenant } from './routes'

/** One request of a leak test, and what was seen of it inside of the application. */
export interface Trace {
  readonly number: number
  readonly route: PlannedRoute
  readonly tenant: ProbedTenant
  /** Whether no other request ran at the same time. */
  readonly alone: boolean
  readonly entries: Entry[]
  readonly refusals: Refusal[]
  /** Queries that ran as somebody else: tenant -> where in the code. */
  readonly strays: Map<string, string | undefined>
}

/** A layer of Express that a request came to. */
export interface Entry {
  /** `"fileUpload"` */
  readonly layer: string
  /** Id of the tenant in whose context that was. */
  readonly tenant: string | undefined
}

/** A query that was refused because it had no tenant. */
export interface Refusal {
  /** How many layers the request had come to. */
  readonly entries: number
  /** Where in the application's code. */
  readonly where: string | undefined
}

/** Why a request came to the pool without its tenant. */
export interface Loss {
  readonly blame: string | undefined
  /** A sentence. */
  readonly text: string
}

/** Finds the layer behind which the context of a request was lost. */
export function lossOf({ entries: all, tenant }: Trace, refusal: Refusal): Loss {
  const entries = all.slice(0, refusal.entries)
  const last = entries.map((entry) => entry.tenant).lastIndexOf(tenant.id)
  if (last === -1) {
    const text =
      entries.length === 0
        ? 'Nothing shows that the request was ever admitted to it: mount tenancy.middleware() before, or wrap the work in tenancy.run().'
        : 'No middleware had admitted the request: mount tenancy.middleware() before this route.'
    return { blame: undefined, text }
  }
  const blame = entries[last]!.layer
  return last === entries.length - 1
    ? {
        blame,
        text: `The context was lost inside ${blame}: bind what is called back there with tenancy.bind(callback).`,
      }
    : {
        blame,
        text: `The context was lost in ${blame}: mount tenancy.resumeTenant() behind it.`,
      }
}

const PACKAGE = join(__dirname, '..') + sep

/** The first place in a call's trace that is neither this package's, nor Node's, nor another package's. */
export function placeIn(stack: string | undefined): string | undefined {
  const places = (stack ?? '').split('\n').flatMap((line) => /([^\s()]+:\d+:\d+)\)?$/.exec(line)?.[1] ?? [])
  return places.find(
    (place) =>
      !/^node:|[\\/]node_modules[\\/]/.test(place) && !place.replace('file://', '').startsWith(PACKAGE),
  )
}
