import { TenantRequiredError } from '../errors'
import type { Scope } from '../tenant/context'
import { WITHOUT_TENANT } from '../tenant/context'
import type { EngineTransaction, TransactionLevel } from '../transaction/level'
import { namesOf } from './recorder'
import type { Recorder } from './recorder'

/** A transaction without a server: what steers it is written down, and its queries have the number of its client. */
export class RecordingTransaction implements EngineTransaction {
  readonly isAlive = true
  readonly isAborted = false
  readonly client: number
  readonly #recorder: Recorder
  readonly #scope: Scope

  private constructor(recorder: Recorder, scope: Scope) {
    this.#recorder = recorder
    this.#scope = scope
    this.client = recorder.nextClient()
  }

  /** @throws TenantRequiredError */
  static async begin(recorder: Recorder, scope: Scope | undefined): Promise<RecordingTransaction> {
    if (scope === undefined) throw new TenantRequiredError('tenancy.transaction')
    const transaction = new RecordingTransaction(recorder, scope)
    await transaction.control('begin')
    return transaction
  }

  get tenant(): string | undefined {
    return this.#scope === WITHOUT_TENANT ? undefined : this.#scope.id
  }

  control(text: string): Promise<unknown> {
    return this.#recorder.run({ ...namesOf(this.#scope), text, values: [], client: this.client })
  }

  endPart(text: string): Promise<unknown> {
    return this.control(text)
  }

  async commit(): Promise<boolean> {
    await this.control('commit')
    return true
  }

  async rollback(): Promise<void> {
    await this.control('rollback')
  }
}

/**
 * Number of the client that a call of the pool runs on: of the transaction that it joins.
 *
 * @throws ClientReleasedError for one that is over
 */
export function joinedClient(level: TransactionLevel | undefined): number | undefined {
  if (level?.problem !== undefined) throw level.problem
  return (level as TransactionLevel<RecordingTransaction> | undefined)?.engine.client
}
