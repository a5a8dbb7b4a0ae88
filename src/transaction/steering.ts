import { controlError, NestedClient } from './nested-client'
import type { TransactionLevel } from './level'

/** Decides over what a loan inside a transaction sends. */
export type Steering = Pick<NestedClient, 'run' | 'end'>

/** @param isLent - the loan was handed out, and may have transactions of its own; a call of the pool has none */
export function steeringOf(level: TransactionLevel, isLent: boolean): Steering {
  if (isLent) return new NestedClient(level)
  return {
    run: (word, send, refuse) => (word === 'none' ? send() : refuse(controlError(level.engine.tenant))),
    end: () => {},
  }
}
