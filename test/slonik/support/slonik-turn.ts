import type { CommonQueryMethods, DatabasePool, QuerySqlToken } from 'slonik'
import type { Item } from '../../isolation/support/town'
import { failsWith, READ } from '../../isolation/support/turn'
import type { Turn } from '../../isolation/support/turn'
import type { SlonikSubject } from './stress-subjects'
import { textQuery } from './version'

/** What queries are made on. */
export type Asker = Pick<CommonQueryMethods, 'any' | 'one' | 'query'>

/** One request, as its route sees it, on slonik. */
export class SlonikTurn {
  /** The request itself: its tenant, what it is to write, what it saw. */
  readonly base: Turn
  readonly #subject: SlonikSubject

  constructor(base: Turn, subject: SlonikSubject) {
    this.base = base
    this.#subject = subject
  }

  get slonik(): DatabasePool {
    return this.#subject.slonik
  }

  get sql(): SlonikSubject['version']['module']['sql'] {
    return this.#subject.version.module.sql
  }

  /** The newest rows, and in a small table its canary. */
  get newest(): QuerySqlToken {
    return this.textQuery(READ)
  }

  textQuery(text: string): QuerySqlToken {
    return textQuery(this.#subject.version, text)
  }

  async read(on: Asker = this.slonik, expected = this.base.tenant): Promise<void> {
    this.base.see((await on.any(this.newest)) as readonly Item[], expected)
  }

  async write(index: number, on: Asker = this.slonik, expected = this.base.tenant): Promise<void> {
    const row: unknown = await on.one(this.writing(index))
    this.base.see([row as Item], expected)
  }

  /** The query that writes a token. */
  writing(index: number): QuerySqlToken {
    const token = this.base.tokens[index]!
    return this.sql.unsafe`insert into items (token) values (${token}) returning token, tenant`
  }
}

/** Waits for the error that `work` must end with; one of slonik's has the database's inside. */
export function failsInside(code: string, work: Promise<unknown>): Promise<void> {
  return failsWith(code, work.catch(throwInnermost))
}

/** Throws the error with a code that an error of slonik's was made of. */
export function throwInnermost(error: unknown): never {
  let inner = error as Error & { readonly code?: string }
  while (inner.code === undefined && inner.cause instanceof Error) inner = inner.cause
  throw inner
}
