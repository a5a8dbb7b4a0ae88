/** What a text does to the transaction that it is sent in. */
export type TransactionWord = 'begin' | 'commit' | 'rollback' | 'refused' | 'none'

/** Words that say nothing. */
const FILLERS = new Set(['work', 'transaction'])
/** What ends or begins a transaction, in front of a statement among others. `end` also ends the body of a routine. */
const AMONG_OTHERS = new Set(['begin', 'start', 'commit', 'rollback', 'abort'])

/** Words of a statement that are enough to tell. */
const ENOUGH = 6

/** A piece of SQL, as a scanner of either engine tells it. */
interface Piece {
  readonly type: string
  readonly text: string
}

/** Tells what a text does to its transaction, cut into pieces. */
export function readTransactionWord(pieces: Iterable<Piece>): TransactionWord {
  const statements: string[][] = []
  let current: string[] | undefined
  for (const { type, text } of pieces) {
    if (text === ';') current = undefined
    else {
      if (current === undefined) statements.push((current = []))
      if (current.length < ENOUGH) current.push(type === 'word' ? text : '')
    }
  }
  return transactionWord(statements)
}

/**
 * Tells what a text does to its transaction.
 *
 * @param statements - the words of each of its statements, lower case, from the first
 * @returns `refused` for what can't be done with a savepoint: options, chains, a COMMIT among other statements
 */
function transactionWord(statements: readonly (readonly string[])[]): TransactionWord {
  const [only = [], ...others] = statements
  if (others.length > 0) return statements.some(controls) ? 'refused' : 'none'
  const [first = '', ...rest] = only
  const said = rest.filter((word) => !FILLERS.has(word)).join(' ')
  if (first === 'begin') return beginning(said)
  if (first === 'start') return rest[0] === 'transaction' ? beginning(said) : 'none'
  if (first === 'commit' || first === 'end') return ending('commit', said)
  if (first === 'rollback' || first === 'abort') return ending('rollback', said)
  return 'none'
}

function beginning(said: string): TransactionWord {
  // A block of statements, not a transaction.
  if (said.startsWith('not atomic')) return 'none'
  return said === '' ? 'begin' : 'refused'
}

function ending(word: 'commit' | 'rollback', said: string): TransactionWord {
  if (said === '' || said === 'and no chain') return word
  // ROLLBACK TO steers savepoints, and the server itself refuses PREPARED here.
  return said.startsWith('to') || said.startsWith('prepared') ? 'none' : 'refused'
}

function controls([first = '', ...rest]: readonly string[]): boolean {
  return AMONG_OTHERS.has(first) && transactionWord([[first, ...rest]]) !== 'none'
}
