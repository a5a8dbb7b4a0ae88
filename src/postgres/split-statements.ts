import { scanSql } from './sql-scanner'
import type { Token } from './sql-scanner'

/** One statement of a text. */
export interface SqlStatement {
  /** From its first word, without the `;` at its end. */
  readonly text: string
  /** Of its first word, from 1. */
  readonly line: number
}

/**
 * Splits SQL at each `;` that ends a statement, as psql does: not in quotes and comments, in parentheses (a rule's actions),
 * or in a body in SQL's own syntax (BEGIN ATOMIC ... END).
 *
 * @param firstLine - of the text in its file
 */
export function splitStatements(text: string, firstLine = 1): readonly SqlStatement[] {
  const statements: SqlStatement[] = []
  const depth = new Depth()
  let line = firstLine
  let counted = 0
  let start: number | undefined
  const finish = (end: number): void => {
    if (start === undefined) return
    line += lineEnds(text, counted, start)
    counted = start
    statements.push({ text: text.slice(start, end).trimEnd(), line })
    start = undefined
  }
  for (const token of scanSql(text)) {
    if (depth.after(token) === 0 && isEnd(token)) finish(token.at)
    else start ??= token.at
  }
  finish(text.length)
  return statements
}

/** Whether every quote, comment and body of a text is closed, so that another text can follow it. */
export function isClosed(text: string): boolean {
  const end = `${text}\n;`
  const depth = new Depth()
  let last: Token | undefined
  let level = 0
  for (const token of scanSql(end)) {
    last = token
    level = depth.after(token)
  }
  return last !== undefined && isEnd(last) && last.at === end.length - 1 && level === 0
}

/** How deep in parentheses and bodies a text is. */
class Depth {
  #parentheses = 0
  #bodies = 0
  #before = ''

  /** The depth behind a token. */
  after({ type, text }: Token): number {
    if (type === 'mark' && text === '(') this.#parentheses += 1
    else if (type === 'mark' && text === ')') this.#parentheses -= 1
    else if (type === 'word' && text === 'atomic' && this.#before === 'begin') this.#bodies += 1
    else if (this.#bodies > 0 && type === 'word')
      this.#bodies += text === 'case' ? 1 : text === 'end' ? -1 : 0
    this.#before = text
    return this.#parentheses + this.#bodies
  }
}

function isEnd({ type, text }: Token): boolean {
  return type === 'mark' && text === ';'
}

function lineEnds(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count += 1
  return count
}
