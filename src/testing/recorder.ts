import { ClientReleasedError, TenantMismatchError, TenantRequiredError } from '../errors'
import { WITHOUT_TENANT } from '../tenant/context'
import type { Scope } from '../tenant/context'

/** A query that a recording pool was given. */
export interface RecordedQuery {
  /** `acme`; undefined for what ran by `withoutTenant` or `tenancy.admin`. */
  readonly tenant: string | undefined
  /** `tenant_acme` */
  readonly schema: string | undefined
  readonly text: string
  readonly values: readonly unknown[]
  /** Number of the client that it ran on, from 1, a new one with each `connect()`; undefined for a query of the pool. */
  readonly client: number | undefined
}

/** Which queries an answer is for: a text, in which white space does not count, a pattern, or a function. */
export type QueryMatch = string | RegExp | ((query: RecordedQuery) => boolean)

/** What a query is answered: rows, whatever the driver's result has, or an error to reject with. */
export type Reply = readonly object[] | Readonly<Record<string, unknown>> | Error

/** A reply, or what makes one of the query; it may await. */
export type QueryAnswer = Reply | ((query: RecordedQuery) => Reply | Promise<Reply>)

/** Keeps queries and knows answers. */
export class Recorder {
  readonly queries: RecordedQuery[] = []
  readonly #answers: { readonly matches: (query: RecordedQuery) => boolean; readonly answer: QueryAnswer }[] =
    []
  #clients = 0

  /** The answer that was given last is asked first. */
  answer(match: QueryMatch, answer: QueryAnswer): void {
    this.#answers.unshift({ matches: toPredicate(match), answer })
  }

  /** Forgets queries and answers. */
  reset(): void {
    this.queries.splice(0)
    this.#answers.splice(0)
    this.#clients = 0
  }

  /** Number of the next client. */
  nextClient(): number {
    return ++this.#clients
  }

  /** Keeps a query and finds its answer; no rows where nobody gave one. @throws the error that it is to be answered */
  async run(query: RecordedQuery): Promise<Exclude<Reply, Error>> {
    this.queries.push(Object.freeze(query))
    const known = this.#answers.find(({ matches }) => matches(query))
    if (known === undefined) return []
    const reply = typeof known.answer === 'function' ? await known.answer(query) : known.answer
    if (reply instanceof Error) throw reply
    return reply
  }
}

/** What a loan of a recording pool belongs to. Checks as the real pools do. */
export class Loan {
  readonly scope: Scope
  readonly client: number
  #isOver = false

  constructor(scope: Scope, client: number) {
    this.scope = scope
    this.client = client
  }

  get isOver(): boolean {
    return this.#isOver
  }

  end(): void {
    this.#isOver = true
  }

  /** @param now - what the calling code may touch; a lost context is no mismatch */
  problem(now: Scope | undefined): Error | undefined {
    const [mine, current] = [namesOf(this.scope), now === undefined ? undefined : namesOf(now)]
    if (this.#isOver) {
      return new ClientReleasedError('This client was released. Check out another one where it is used.', {
        tenant: mine.tenant,
      })
    }
    if (current === undefined || current.schema === mine.schema) return undefined
    return new TenantMismatchError(
      `This client was checked out for ${told(mine.tenant)} and is used in the context of ${told(current.tenant)}. ` +
        'Check out a client where it is used.',
      { tenant: mine.tenant },
    )
  }
}

/** @throws {@link TenantRequiredError} where there is none */
export function required(scope: Scope | undefined, what: string): Scope {
  if (scope === undefined) throw new TenantRequiredError(what)
  return scope
}

/** Whose a query is. */
export function namesOf(scope: Scope): Pick<RecordedQuery, 'tenant' | 'schema'> {
  return scope === WITHOUT_TENANT
    ? { tenant: undefined, schema: undefined }
    : { tenant: scope.id, schema: scope.schema }
}

function told(tenant: string | undefined): string {
  return tenant === undefined ? 'no tenant' : `tenant "${tenant}"`
}

function toPredicate(match: QueryMatch): (query: RecordedQuery) => boolean {
  if (typeof match === 'function') return match
  if (typeof match !== 'string') return ({ text }) => text.search(match) !== -1
  const wanted = plain(match)
  return ({ text }) => plain(text) === wanted
}

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
