import type { Finding } from './finding'

/** How many connections a process may open, and how many the server has for it. */
export interface ConnectionFacts {
  /** Connections of the scoped pool; Infinity where it has no limit. */
  readonly pool: number
  /** Connections of the plain pool. */
  readonly admin: number
  readonly available: number
  /** Where `available` comes from, `max_connections 100 less 3 reserved ones`. */
  readonly limit: string
}

/** Judges the pools of one process against the server's limit. */
export function judgeConnections({ pool, admin, available, limit }: ConnectionFacts): Finding[] {
  const sum = pool + admin
  // Two processes are what a rolling release needs at the least.
  if (sum * 2 <= available) return []
  const isTooMany = sum > available
  return [
    {
      code: 'too-few-connections',
      severity: isTooMany ? 'error' : 'warning',
      reason:
        `One process may open ${countOf(sum)} connections (${pool === Infinity ? 'no limit' : pool} for the pool, ${admin} for the plain one), and the server has ` +
        `${available} for it (${limit})${isTooMany ? '' : ': enough for one process, and not for two'}.`,
      cure: 'Lower `max` (`connectionLimit` on MySQL) so that all processes together stay below the limit, or raise it on the server.',
    },
  ]
}

function countOf(connections: number): string {
  return connections === Infinity ? 'any number of' : String(connections)
}
