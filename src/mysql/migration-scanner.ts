/** A piece of SQL text that matters for its shape. Blanks and comments are passed over. */
export interface Token {
  /**
   * `word`: keyword or bare name; `quoted`: name in backticks; `variable`: `@x`, not `@@x`; `open` and `close`: around the
   * inside of an executable comment, which the server runs; `unclosed`: the text ends in the middle of something.
   */
  readonly type: 'word' | 'quoted' | 'string' | 'number' | 'variable' | 'mark' | 'open' | 'close' | 'unclosed'
  /** As written; without its quotes for a quoted name. */
  readonly text: string
  readonly at: number
  readonly end: number
}

const BLANKS = /\s*/y
const WORD = /[\w$\u0080-\uffff]*/y
const WORD_PART = /[\w$\u0080-\uffff]/
const EXECUTABLE = /^\/\*M?!\d*/

/** The token at or behind a place; undefined at the end of the text. */
export function nextToken(text: string, from: number): Token | undefined {
  let at = from
  for (;;) {
    at = endOf(BLANKS, text, at)
    if (at >= text.length) return undefined
    const end = endOfComment(text, at)
    if (end === undefined) return tokenAt(text, at)
    if (end === -1) return { type: 'unclosed', text: 'comment', at, end: text.length }
    at = end
  }
}

/** All tokens of a text, in one pass: time grows with its length, whatever is in it. */
export function* scanSql(text: string): Generator<Token> {
  for (let token = nextToken(text, 0); token !== undefined; token = nextToken(text, token.end)) yield token
}

/** Behind the comment that begins here; -1 where it has no end, undefined where there is none. */
function endOfComment(text: string, at: number): number | undefined {
  const [first, second, third] = [text[at], text[at + 1], text[at + 2]]
  // "--1" is 1 minus minus: the server wants a blank behind the dashes.
  if (
    first === '#' ||
    (first === '-' && second === '-' && (third === undefined || /[\s\p{Cc}]/u.test(third)))
  ) {
    const end = text.indexOf('\n', at)
    return end === -1 ? text.length : end + 1
  }
  if (first !== '/' || second !== '*' || EXECUTABLE.test(text.slice(at, at + 4))) return undefined
  const end = text.indexOf('*/', at + 2)
  return end === -1 ? -1 : end + 2
}

function tokenAt(text: string, at: number): Token {
  const char = text[at]!
  if (char === "'" || char === '"') return quotedAt(text, at, 'string')
  if (char === '`') return quotedAt(text, at, 'quoted')
  if (char === '/' && text[at + 1] === '*') {
    const [mark] = EXECUTABLE.exec(text.slice(at, at + 16))!
    return { type: 'open', text: mark, at, end: at + mark.length }
  }
  if (char === '*' && text[at + 1] === '/') return { type: 'close', text: '*/', at, end: at + 2 }
  if (char === '@') return variableAt(text, at)
  if (WORD_PART.test(char)) return wordAt(text, at)
  return { type: 'mark', text: char, at, end: at + 1 }
}

/** 'text' and "text" know backslashes, since a migration runs without ANSI_QUOTES and NO_BACKSLASH_ESCAPES; names do not. */
function quotedAt(text: string, at: number, type: 'string' | 'quoted'): Token {
  const quote = text[at]!
  for (let next = at + 1; next < text.length; next += 1) {
    if (type === 'string' && text[next] === '\\') next += 1
    else if (text[next] === quote) {
      if (text[next + 1] !== quote) {
        const inside =
          type === 'quoted' ? text.slice(at + 1, next).replaceAll('``', '`') : text.slice(at, next + 1)
        return { type, text: inside, at, end: next + 1 }
      }
      next += 1
    }
  }
  return { type: 'unclosed', text: type === 'string' ? 'string' : 'name', at, end: text.length }
}

/** The @ of an account (root@localhost, 'a'@'b') follows its name without a blank, and is a mark. */
function variableAt(text: string, at: number): Token {
  const before = text[at - 1]
  const isAccount = before !== undefined && (WORD_PART.test(before) || /['"`]/.test(before))
  if (isAccount || text[at + 1] === '@') {
    const end = text[at + 1] === '@' ? at + 2 : at + 1
    return { type: 'mark', text: text.slice(at, end), at, end }
  }
  return { type: 'variable', text: '@', at, end: at + 1 }
}

function wordAt(text: string, at: number): Token {
  const end = endOf(WORD, text, at)
  const word = text.slice(at, end)
  // A name may begin with a digit in MySQL, as in 2fa_codes.
  const isNumber = /^(\d+(e\d+)?|0x[\da-f]+|0b[01]+)$/i.test(word)
  return { type: isNumber ? 'number' : 'word', text: word, at, end }
}

/** Where a sticky expression that begins here ends. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  pattern.exec(text)
  return pattern.lastIndex
}
