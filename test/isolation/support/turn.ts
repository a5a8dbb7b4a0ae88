import type { Pool, PoolClient } from 'pg'
import type { Cut } from '../../support/cutting-proxy'
import type { Outside } from './outside'
import type { Registry } from './registry'
import type { Subject } from './subjects'
import type { Item, Town } from './town'
import type { Turnstile } from './turnstile'

/** What a request is asked to do beyond its path. */
export interface Errand {
  /** Another tenant, for what crosses over. */
  readonly other: string
  /** Tokens to write; their fates are those of the request's kind. */
  readonly tokens: readonly string[]
  /** Decides between variants. */
  readonly luck: number
}

/** What a request saw, for the other end of the wire to judge. */
export interface Account {
  /** Rows, each with the tenant whose row it should be. */
  readonly seen: { readonly expected: string; readonly item: Item }[]
  /** Tenants whose session state was found. */
  readonly states: string[]
  /** Tenant of the context at each place where it was looked at; the expected one in front. */
  readonly contexts: (readonly [expected: string, found: string | undefined])[]
}

/** The newest rows of a table, and in a small one its canary. */
export const READ = 'select token, tenant from items order by id desc limit 20'
/** Writes one token. */
export const WRITE = 'insert into items (token) values ($1) returning token, tenant'

/** What all requests to one application share. */
export interface Place {
  readonly subject: Subject
  readonly town: Town
  readonly outside: Outside
  /** Who may hold a connection and ask for a second one: not all at once, or they would wait for each other. */
  readonly holders: Turnstile
}

/** One request, as its route sees it. */
export class Turn {
  readonly tenant: string
  readonly other: string
  readonly tokens: readonly string[]
  readonly luck: number
  readonly #place: Place
  readonly account: Account = { seen: [], states: [], contexts: [] }

  constructor(place: Place, tenant: string, errand: Errand) {
    this.#place = place
    this.tenant = tenant
    this.other = errand.other
    this.tokens = errand.tokens
    this.luck = errand.luck
  }

  get subject(): Subject {
    return this.#place.subject
  }

  get outside(): Outside {
    return this.#place.outside
  }

  get pool(): Pool {
    return this.subject.pool
  }

  /** Path that user SQL may wander to. */
  get otherSchema(): string {
    return this.#place.town.schema(this.other)
  }

  /** Makes tenants and drops them, as another process does. */
  get registry(): Registry {
    return this.#place.town.registry
  }

  /** Breaks the connection of this client: now, or where it is sending for somebody else by then. */
  async cut(client: Pick<PoolClient, 'query'>, cut: Cut): Promise<void> {
    const { rows } = await client.query<{ port: number }>('select inet_client_port() as port')
    this.subject.proxy?.cut(rows[0]!.port, cut)
  }

  /** Takes down rows that were read, and the context they were read in. */
  see(rows: readonly Item[], expected = this.tenant): void {
    for (const item of rows) this.account.seen.push({ expected, item })
    this.feel(expected)
  }

  /** Takes down the context of the calling code. */
  feel(expected = this.tenant): void {
    this.account.contexts.push([expected, this.subject.current()])
  }

  async read(db: Pick<Pool, 'query'> = this.pool, expected = this.tenant): Promise<void> {
    this.see((await db.query<Item>(READ)).rows, expected)
  }

  async write(index: number, db: Pick<Pool, 'query'> = this.pool, expected = this.tenant): Promise<void> {
    this.see((await db.query<Item>(WRITE, [this.tokens[index]])).rows, expected)
  }

  /** Checks out a client for the time of `work`. */
  async withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect()
    client.on('error', ignore)
    try {
      return await work(client)
    } finally {
      client.removeListener('error', ignore)
      client.release()
    }
  }

  /** As {@link withClient}, for work that asks the pool for another connection meanwhile. */
  holdingClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.holding(() => this.withClient(work))
  }

  /** Does work that holds one connection and asks for another, when its turn comes. */
  holding<T>(work: () => Promise<T>): Promise<T> {
    return this.#place.holders.pass(work)
  }
}

/** Waits for the error that `work` must end with. @throws any other error, and where there is none */
export async function failsWith(code: string, work: Promise<unknown>): Promise<void> {
  if (await isRefused(code, work)) return
  throw new Error(`This should have failed with ${code}.`)
}

/** Whether `work` ends with this error. @throws any other error */
export function isRefused(code: string, work: Promise<unknown>): Promise<boolean> {
  return failsBy((error) => error.code === code, work)
}

/** Whether `work` ends with such an error. @throws any other error */
export async function failsBy(
  isSuch: (error: Error & { readonly code?: string }) => boolean,
  work: Promise<unknown>,
): Promise<boolean> {
  try {
    await work
    return false
  } catch (error) {
    if (isSuch(error as Error)) return true
    throw error
  }
}

/** A promise that may fail before anybody awaits it. */
export function awaitedLater<T>(work: Promise<T>): Promise<T> {
  work.catch(ignore)
  return work
}

function ignore(): void {}
