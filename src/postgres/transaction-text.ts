import { rememberedByText } from '../by-text'
import type { TransactionOptions } from '../transaction/options'
import { readTransactionWord } from '../transaction/words'
import { scanSql } from './sql-scanner'

/** Tells what a text does to the transaction that it is sent in. */
export const transactionWordOf = rememberedByText((text) => readTransactionWord(scanSql(text)))

/** The text that begins a transaction. */
export function beginText({ isolationLevel, readOnly }: TransactionOptions): string {
  const level = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`
  return `begin${level}${readOnly === true ? ' read only' : ''}`
}
