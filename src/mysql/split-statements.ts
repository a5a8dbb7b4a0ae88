import { Nesting } from './migration-nesting'
import { nextToken } from './migration-scanner'
import type { Token } from './migration-scanner'

/** One statement of a file, as the server gets it: without its delimiter and the comments in front. */
export interface SqlStatement {
  readonly text: string
  /** Of its first word in the file, from 1. */
  readonly line: number
}

/** The statements of a text, or why they can't be told apart. */
export type SplitResult =
  | { readonly statements: readonly SqlStatement[]; readonly problem?: undefined }
  | { readonly problem: string; readonly line: number }

const DELIMITER_LINE = /[^\S\n]+(\S+)[^\n]*/y

/**
 * Splits SQL into statements: at `;` outside of quotes, comments and the bodies of routines, or at what a line
 * `DELIMITER //` says. Executable comments belong to their statement.
 *
 * @param firstLine - of the text in its file
 */
export function splitStatements(text: string, firstLine = 1): SplitResult {
  const lines = new LineCounter(text, firstLine)
  const statements: SqlStatement[] = []
  let delimiter = ';'
  let current: { readonly at: number; readonly line: number; readonly nesting: Nesting } | undefined
  let isExecutable = false
  let at = 0
  for (let token = nextToken(text, at); token !== undefined; token = nextToken(text, at)) {
    const line = lines.at(token.at)
    if (token.type === 'unclosed') return { problem: `A ${token.text} has no end`, line }
    if (current === undefined && isCommand(token)) {
      DELIMITER_LINE.lastIndex = token.end
      const [rest, word] = DELIMITER_LINE.exec(text) ?? []
      if (rest === undefined || word === undefined) return { problem: 'DELIMITER names no delimiter', line }
      delimiter = word
      at = token.end + rest.length
      continue
    }
    const isDelimiter = !isExecutable && isInCode(token) && text.startsWith(delimiter, token.at)
    if (isDelimiter && delimiter === ';') current?.nesting.feed(token)
    if (isDelimiter && !(delimiter === ';' && current?.nesting.isOpen)) {
      if (current !== undefined)
        statements.push({ text: text.slice(current.at, token.at).trimEnd(), line: current.line })
      current = undefined
      at = token.at + delimiter.length
      continue
    }
    current ??= { at: token.at, line, nesting: new Nesting() }
    if (token.type === 'open') isExecutable = true
    else if (token.type === 'close') isExecutable = false
    else if (!isDelimiter && delimiter === ';') current.nesting.feed(token)
    if (current.nesting.problem !== undefined)
      return { problem: undecided(current.nesting.problem), line: current.line }
    at = cutAtDelimiter(token, delimiter)
  }
  if (delimiter === ';') current?.nesting.feed({ type: 'mark', text: ';', at, end: at })
  if (isExecutable) return { problem: 'An executable comment has no end', line: current?.line ?? firstLine }
  if (current?.nesting.isOpen) return { problem: undecided('a block has no END'), line: current.line }
  if (current !== undefined) statements.push({ text: text.slice(current.at).trimEnd(), line: current.line })
  return { statements }
}

function isCommand({ type, text }: Token): boolean {
  return type === 'word' && text.toLowerCase() === 'delimiter'
}

function isInCode({ type }: Token): boolean {
  return type !== 'string' && type !== 'quoted'
}

/** `END$$` is END and the delimiter $$, although $ may be in a name. */
function cutAtDelimiter({ type, text, at, end }: Token, delimiter: string): number {
  if (type !== 'word' && type !== 'number') return end
  const cut = text.indexOf(delimiter)
  return cut > 0 ? at + cut : end
}

function undecided(what: string): string {
  return `It can't be told where the statement ends (${what}). Put a line "DELIMITER //" in front, "//" behind it, and a line "DELIMITER ;"`
}

/** Line numbers of growing places, in one pass. */
class LineCounter {
  readonly #text: string
  #line: number
  /** The next line end: looked for once, since a text may be one long line. */
  #next: number

  constructor(text: string, firstLine: number) {
    this.#text = text
    this.#line = firstLine
    this.#next = text.indexOf('\n')
  }

  at(place: number): number {
    while (this.#next !== -1 && this.#next < place) {
      this.#line += 1
      this.#next = this.#text.indexOf('\n', this.#next + 1)
    }
    return this.#line
  }
}
