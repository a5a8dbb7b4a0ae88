import { rememberedByText } from '../by-text'
import type { TransactionOptions } from '../transaction/options'
import { readTransactionWord } from '../transaction/words'
import type { TransactionWord } from '../transaction/words'
import { ESCAPED_QUOTES, scanSql } from './sql-scanner'

/** Tells what a text does to the transaction that it is sent in. */
export const transactionWordOf = rememberedByText((text) =>
  readTransactionWord(scanSql(text, { escaped: ESCAPED_QUOTES[0], onDoubt: () => {} })),
)

/** What a call of a connection's method does. @param given - the first argument: a text, options with one, or a command */
export function wordOfCall(method: string, given: unknown): TransactionWord {
  if (method === 'beginTransaction') return 'begin'
  if (method === 'commit' || method === 'rollback') return method
  // It would roll back the whole.
  if (method === 'reset') return 'refused'
  const text: unknown = typeof given === 'string' ? given : (given as { sql?: unknown } | undefined)?.sql
  return typeof text === 'string' ? transactionWordOf(text) : 'none'
}

/** The texts that begin a transaction, in their order. */
export function beginTexts({ isolationLevel, readOnly }: TransactionOptions): readonly string[] {
  const level = isolationLevel === undefined ? [] : [`set transaction isolation level ${isolationLevel}`]
  return [...level, `start transaction${readOnly === true ? ' read only' : ''}`]
}
