/** A piece of SQL text that matters for its shape. Plain comments, strings, numbers and most operators are passed over. */
export interface Token {
  /** `word`: keyword or bare identifier; `quoted`: `identifier`; `variable`: @x; `mark`: one of ; ( ) . and := */
  readonly type: 'word' | 'quoted' | 'variable' | 'mark'
  /** Lower case for words and variables, the characters for marks, empty for quoted identifiers. */
  readonly text: string
}

const QUOTES = new Set(["'", '"', '`'])
const WORD_START = /[a-z_$\u0080-\uffff]/i
const WORD = /[\w$\u0080-\uffff]*/y
const NUMBER = /[\w.]*/y

/**
 * Cuts SQL into tokens in one pass. What stands in an executable comment (`/*! ... *\/`, `/*M! ... *\/`) is SQL, and is read
 * as such. Backslashes escape in strings, as they do unless sql_mode has NO_BACKSLASH_ESCAPES.
 */
export function* scanSql(text: string): Generator<Token> {
  let at = 0
  while (at < text.length) {
    const character = text[at]!
    if (isLineComment(text, at)) at = endOfLine(text, at)
    else if (text.startsWith('/*', at)) at = endOfComment(text, at)
    else if (text.startsWith('*/', at)) at += 2
    else if (QUOTES.has(character)) {
      at = endOfQuoted(text, at, character)
      if (character === '`') yield { type: 'quoted', text: '' }
    } else if (character === '@') {
      const end = endOf(WORD, text, text[at + 1] === '@' ? at + 2 : at + 1)
      yield { type: 'variable', text: text.slice(at, end).toLowerCase() }
      at = end
    } else if (character >= '0' && character <= '9') at = endOf(NUMBER, text, at)
    else if (WORD_START.test(character)) {
      const end = endOf(WORD, text, at)
      yield { type: 'word', text: text.slice(at, end).toLowerCase() }
      at = end
    } else if (text.startsWith(':=', at)) {
      yield { type: 'mark', text: ':=' }
      at += 2
    } else {
      if (';().'.includes(character)) yield { type: 'mark', text: character }
      at += 1
    }
  }
}

/** `#`, or `--` with a blank behind it: `1--1` is a number minus another. */
function isLineComment(text: string, at: number): boolean {
  if (text[at] === '#') return true
  return text.startsWith('--', at) && (at + 2 >= text.length || /[\s\0]/.test(text[at + 2]!))
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}

/** Behind a comment; behind the opening of an executable one, whose inside is SQL. */
function endOfComment(text: string, at: number): number {
  const executable = /^\/\*M?!\d*/.exec(text.slice(at, at + 12))
  if (executable) return at + executable[0].length
  const end = text.indexOf('*/', at + 2)
  return end === -1 ? text.length : end + 2
}

function endOfQuoted(text: string, at: number, quote: string): number {
  for (let next = at + 1; next < text.length; next += 1) {
    if (text[next] === '\\' && quote !== '`') next += 1
    else if (text[next] === quote) {
      if (text[next + 1] !== quote) return next + 1
      next += 1
    }
  }
  return text.length
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  pattern.exec(text)
  return Math.max(pattern.lastIndex, at)
}
