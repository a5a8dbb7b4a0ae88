import { RowhouseError } from '../errors'
import type { Leak } from './leak'

/** A leak test has found something; its message has a line for each leak. */
export class LeakError extends RowhouseError {
  readonly leaks: readonly Leak[]

  constructor(leaks: readonly Leak[]) {
    const lines = leaks.map(({ kind, message }) => `\n  ${kind}: ${message}`)
    const [first] = new Set(leaks.map(({ tenant }) => tenant))
    const found = leaks.length === 1 ? 'one finding' : `${leaks.length} findings`
    super('ROWHOUSE_LEAK', `The leak test has ${found}:${lines.join('')}\n`, { tenant: first })
    this.leaks = leaks
  }
}
