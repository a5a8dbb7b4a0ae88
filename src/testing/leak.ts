/**
 * What was found.
 *
 * - `crossing`: an answer held data of another tenant.
 * - `difference`: an answer to a reading request was not what the same tenant gets when it is alone.
 * - `wrong-write`: a table of a tenant held what a request of another tenant had written.
 * - `wrong-tenant`: a request, or a query of it, ran as another tenant than the one that it was made for.
 * - `lost-context`: a query came without a tenant and was refused.
 * - `untested`: nothing could be seen of a route, or of all of them: it answered an error, or nothing.
 */
export type LeakKind =
  'crossing' | 'difference' | 'wrong-write' | 'wrong-tenant' | 'lost-context' | 'untested'

/** One finding; the same one of several requests is told once. */
export interface Leak {
  readonly kind: LeakKind
  /** All of it in words. */
  readonly message: string
  /** `GET /widgets`; undefined where nobody can tell which request it was. */
  readonly route: string | undefined
  /** Whose request it was; for a wrong write, whose table. */
  readonly tenant: string | undefined
  /** Whose data it was, or as whom the query ran. */
  readonly other: string | undefined
  /** The middleware or handler to blame, where that is known, by its name: `"fileUpload"`. */
  readonly blame: string | undefined
  /** Where in the application's code, `/app/widgets.ts:12:5`, as far as the call's trace tells. */
  readonly where: string | undefined
  /** Whether it was there while no other request ran: then it is no race, but a cache or a query that is simply wrong. */
  readonly alone: boolean
  /** In how many requests; for a wrong write, rows. */
  readonly count: number
}

/** A finding before it is counted. */
export type Finding = Omit<Leak, 'message' | 'count' | 'route' | 'tenant' | 'other' | 'blame' | 'where'> & {
  /** What is to be said, without how often. */
  readonly text: string
  readonly route?: string | undefined
  readonly tenant?: string | undefined
  readonly other?: string | undefined
  readonly blame?: string | undefined
  readonly where?: string | undefined
}

const SEVERITY: readonly LeakKind[] = [
  'crossing',
  'wrong-write',
  'wrong-tenant',
  'difference',
  'lost-context',
  'untested',
]

/** Findings, each kind of a route and a pair of tenants once. */
export class LeakBook {
  readonly #found = new Map<string, { readonly finding: Finding; alone: boolean; count: number }>()

  add(finding: Finding): void {
    const { kind, route, tenant, other, blame } = finding
    const key = JSON.stringify([kind, route, tenant, other, blame])
    const known = this.#found.get(key)
    if (known === undefined) this.#found.set(key, { finding, alone: finding.alone, count: 1 })
    else {
      known.count += 1
      known.alone ||= finding.alone
    }
  }

  /** Whether a leak was seen, and not only that something could not be tested. */
  get hasLeak(): boolean {
    return [...this.#found.values()].some(({ finding }) => finding.kind !== 'untested')
  }

  /** The worst kinds first. */
  list(): Leak[] {
    const all = [...this.#found.values()].map(({ finding, alone, count }): Leak => {
      const { kind, route, tenant, other, blame, where, text } = finding
      const message = `${text}${told(kind, alone, count)}`
      return { kind, message, route, tenant, other, blame, where, alone, count }
    })
    return all.sort((one, next) => placeOf(one) - placeOf(next) || keyOf(one).localeCompare(keyOf(next)))
  }
}

function placeOf({ kind }: Leak): number {
  return SEVERITY.indexOf(kind)
}

function keyOf({ route, tenant, other }: Leak): string {
  return JSON.stringify([route, tenant, other])
}

function told(kind: LeakKind, alone: boolean, count: number): string {
  if (kind === 'untested') return ''
  const unit = kind === 'wrong-write' ? 'row' : 'request'
  const often = count === 1 ? `one ${unit}` : `${count} ${unit}s`
  const when = kind !== 'wrong-write' && alone ? ', also while no other request ran' : ''
  return ` (${often}${when})`
}
