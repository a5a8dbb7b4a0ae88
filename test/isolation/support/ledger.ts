import { canaryOf } from './town'
import type { Item } from './town'

/**
 * What becomes of a write when its request is answered 2xx: `kept` exactly once, `gone` (rolled back, refused), or `open`:
 * nobody can tell. Answered otherwise, a write that would be kept is open as well: at most once. One that is to be gone
 * stays gone.
 */
export type Fate = 'kept' | 'gone' | 'open'

/** What is wrong, by what it means for a tenant. */
export type FindingType =
  | 'foreign row'
  | 'foreign write'
  | 'foreign state'
  | 'foreign context'
  | 'lost write'
  | 'doubled write'
  | 'unwanted write'
  | 'changed canary'
  | 'stray table'
  | 'unexpected failure'
  | 'unanswered'
  | 'leaked connection'

/** One thing that must not be. */
export interface Finding {
  readonly type: FindingType
  /** Which request or token, and what was seen. */
  readonly what: string
}

interface Entry {
  readonly tenant: string
  readonly fate: Fate
  readonly kind: string
  isAcknowledged: boolean
}

/** Remembers every write that was asked for, and compares with what the tables hold in the end. */
export class Ledger {
  readonly #entries = new Map<string, Entry>()

  /** A request that writes is about to be sent. */
  expect(token: string, fate: Fate, kind: string): void {
    this.#entries.set(token, { tenant: writerOf(token), fate, kind, isAcknowledged: false })
  }

  /** The request was answered 2xx. */
  acknowledge(token: string): void {
    this.#entries.get(token)!.isAcknowledged = true
  }

  /** How many writes were acknowledged and must be there. */
  get kept(): number {
    return [...this.#entries.values()].filter((entry) => entry.isAcknowledged && entry.fate === 'kept').length
  }

  /** Everything wrong in the tables, per tenant. */
  audit(tables: ReadonlyMap<string, readonly (Item & { readonly id: string })[]>): Finding[] {
    const findings: Finding[] = []
    const counts = new Map<string, number>()
    for (const [tenant, items] of tables) {
      const [canary, ...rest] = items
      if (canary?.id !== '1' || canary.token !== canaryOf(tenant) || canary.tenant !== tenant)
        findings.push({ type: 'changed canary', what: `${tenant} has ${JSON.stringify(canary)}` })
      for (const { token, tenant: label } of rest) {
        counts.set(token, (counts.get(token) ?? 0) + 1)
        const finding = this.#judge(tenant, token, label)
        if (finding) findings.push(finding)
      }
    }
    for (const [token, { kind, fate, isAcknowledged }] of this.#entries) {
      const count = counts.get(token) ?? 0
      if (count > 1) findings.push({ type: 'doubled write', what: `${token} of "${kind}" ${count} times` })
      if (count === 0 && isAcknowledged && fate === 'kept')
        findings.push({ type: 'lost write', what: `${token} of "${kind}"` })
    }
    return findings
  }

  #judge(tenant: string, token: string, label: string): Finding | undefined {
    const entry = this.#entries.get(token)
    if (entry === undefined || label !== tenant)
      return { type: 'unwanted write', what: `${token} labelled ${label} in ${tenant}: nobody wrote that` }
    if (entry.tenant !== tenant)
      return { type: 'foreign write', what: `${token} of "${entry.kind}" is in ${tenant}` }
    if (entry.fate === 'gone')
      return { type: 'unwanted write', what: `${token} of "${entry.kind}" is in ${tenant} after all` }
    return undefined
  }
}

/** Id of the tenant that a token was made for. */
export function writerOf(token: string): string {
  return token.split('/')[0]!
}
