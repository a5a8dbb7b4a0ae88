import { comparable, difference, showsOwn } from './judge'
import type { Outcome } from './judge'
import type { Finding } from './leak'
import type { Trace } from './trace'

/** What each tenant is answered by each route while no other request runs, and what the answers showed. */
export class Answers {
  readonly #normalize: (text: string) => string
  /** Route -> tenant -> answer; undefined where two in a row differed. */
  readonly #alone = new Map<string, Map<string, string | undefined>>()
  readonly #showing = new Set<string>()

  constructor(normalize: (text: string) => string) {
    this.#normalize = normalize
  }

  /** Notes whether an answer had its tenant's canary in it. */
  note(trace: Trace, outcome: Outcome): void {
    if (showsOwn(trace, outcome)) this.#showing.add(trace.route.name)
  }

  /** Notes an answer that a tenant got alone; of two that differ none is one to compare with. */
  remember({ route, tenant }: Trace, outcome: Outcome): void {
    const answers = this.#of(route.name)
    const text = comparable(outcome, this.#normalize)
    const isSame = !answers.has(tenant.id) || answers.get(tenant.id) === text
    answers.set(tenant.id, isSame ? text : undefined)
  }

  /** From now on the answers of this route are not compared for this tenant. */
  forget({ route, tenant }: Trace): void {
    this.#of(route.name).set(tenant.id, undefined)
  }

  /** Whether an answer is not what the tenant got alone. */
  differs({ route, tenant }: Trace, outcome: Outcome): boolean {
    const known = this.#of(route.name).get(tenant.id)
    return known !== undefined && known !== comparable(outcome, this.#normalize)
  }

  /** The finding for such an answer, and whose answer it is. */
  differenceOf(trace: Trace, outcome: Outcome): Finding | undefined {
    if (!this.differs(trace, outcome)) return undefined
    const text = comparable(outcome, this.#normalize)
    const owner = [...this.#of(trace.route.name)].find(([, answer]) => answer === text)
    return difference(trace, owner?.[0])
  }

  /** Whether anything would be seen: a canary, or answers that differ from tenant to tenant. */
  get tellTenantsApart(): boolean {
    return this.#showing.size > 0 || [...this.#alone.keys()].some((route) => this.#differs(route))
  }

  /** What is to be said of a route. */
  reportOf(route: string): {
    readonly showsCanary: boolean
    readonly compared: boolean
    readonly differs: boolean
  } {
    const answers = [...this.#of(route).values()]
    const compared = answers.length > 0 && answers.every((answer) => answer !== undefined)
    return { showsCanary: this.#showing.has(route), compared, differs: this.#differs(route) }
  }

  #differs(route: string): boolean {
    const known = [...this.#of(route).values()].filter((answer) => answer !== undefined)
    return new Set(known).size > 1
  }

  #of(route: string): Map<string, string | undefined> {
    const answers = this.#alone.get(route) ?? new Map<string, string | undefined>()
    this.#alone.set(route, answers)
    return answers
  }
}
