/** A piece of SQL text that matters for its shape. Blanks and plain comments are passed over. */
export interface Token {
  /**
   * `word`: keyword, bare name or number; `quoted`: `name`, or "text", which is a name where sql_mode has ANSI_QUOTES;
   * `string`: 'text'; `variable`: @x; `mark`: := or any other character; `unclosed`: the text ends within quotes, which the
   * server refuses
   */
  readonly type: 'word' | 'quoted' | 'string' | 'variable' | 'mark' | 'unclosed'
  /** Lower case for words and variables, the characters for marks, otherwise empty. */
  readonly text: string
  readonly at: number
  readonly end: number
}

/** The quotes that a backslash escapes in, as sql_mode has it: unset, with ANSI_QUOTES, with NO_BACKSLASH_ESCAPES. */
export const ESCAPED_QUOTES = [`'"`, `'`, ''] as const

// A name may begin with a digit, as in 2fa().
const WORD = /[\w$\u00a1-\uffff]*/y
const WORD_START = /[\w$\u00a1-\uffff]/
const IN_SINGLE = /[^'\\]*/y
const IN_DOUBLE = /[^"\\]*/y
const IN_BACKTICKS = /[^`]*/y
const BEYOND_ASCII = /[^\0-\x7f]/
const EXECUTABLE = /^\/\*M?!\d*/i
/** Where a comment may begin. */
const COMMENT_START = new Set(['#', '-', '/'])

/** How a text is read. */
export interface ScanOptions {
  /** One of {@link ESCAPED_QUOTES}; default the first. */
  readonly escaped?: string
  /** Called where it depends on the server's version, on sql_mode, or on a character set, what the server reads from here on. */
  readonly onDoubt?: () => void
}

/**
 * Cuts SQL into tokens in one pass. What stands in an executable comment (`/*! ... *\/`, `/*M! ... *\/`) is read as SQL, and
 * doubted: to a server of an earlier version than it names it is a comment.
 */
export function* scanSql(
  text: string,
  { escaped = ESCAPED_QUOTES[0], onDoubt = () => {} }: ScanOptions = {},
): Generator<Token> {
  let at = 0
  while (at < text.length) {
    if (isBlank(text.charCodeAt(at))) {
      at += 1
      continue
    }
    const end = COMMENT_START.has(text[at]!) ? endOfComment(text, at) : undefined
    if (end === undefined) {
      const token = tokenAt(text, at, escaped)
      // Controls and blanks beyond ASCII: blanks in some character sets, letters in others (measured). A bracket begins a
      // quoted name where sql_mode has MSSQL, and is no SQL elsewhere.
      if (token.type === 'mark' && (token.text > '\x7f' || token.text === '[')) onDoubt()
      yield token
      at = token.end
    } else {
      if (isDoubtful(text, at, end)) onDoubt()
      at = end
    }
  }
}

/** A blank to the server, in every character set. */
function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

function tokenAt(text: string, at: number, escaped: string): Token {
  const char = text[at]!
  if (WORD_START.test(char)) return tokenOf('word', text, at, endOf(WORD, text, at))
  if (char === '`' || char === '"' || char === "'") return quotedAt(text, at, escaped)
  if (char === '@')
    return tokenOf('variable', text, at, endOf(WORD, text, text[at + 1] === '@' ? at + 2 : at + 1))
  return tokenOf('mark', text, at, text.startsWith(':=', at) ? at + 2 : at + 1)
}

function tokenOf(type: Token['type'], text: string, at: number, end: number): Token {
  if (type !== 'word' && type !== 'variable')
    return { type, text: type === 'mark' ? text.slice(at, end) : '', at, end }
  const own = text.slice(at, end)
  // Beyond ASCII there are letters whose lower case is an ASCII one: the Kelvin sign.
  return { type, text: BEYOND_ASCII.test(own) ? own : own.toLowerCase(), at, end }
}

/** Behind the comment that begins here, or behind the opening of an executable one; undefined where there is none. */
function endOfComment(text: string, at: number): number | undefined {
  const char = text[at]
  if (char === '#') return endOfLine(text, at)
  // "1--1" is a number minus another: the server wants a blank or a control character behind it (measured).
  if (char === '-' && text[at + 1] === '-')
    return at + 2 >= text.length || /[\0-\x20\x7f]/.test(text[at + 2]!) ? endOfLine(text, at) : undefined
  if (char !== '/' || text[at + 1] !== '*') return undefined
  const executable = EXECUTABLE.exec(text.slice(at, at + 12))
  if (executable) return at + executable[0].length
  const end = text.indexOf('*/', at + 2)
  return end === -1 ? text.length : end + 2
}

/** Optimizer hints have quotes of their own, which may hide the end of the comment. */
function isDoubtful(text: string, at: number, end: number): boolean {
  const comment = text.slice(at, end)
  return EXECUTABLE.test(comment) || (comment.startsWith('/*+') && /["'`]/.test(comment))
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}

function quotedAt(text: string, at: number, escaped: string): Token {
  const quote = text[at]!
  const plain = quote === "'" ? IN_SINGLE : quote === '"' ? IN_DOUBLE : IN_BACKTICKS
  const hasEscapes = escaped.includes(quote)
  let next = endOf(plain, text, at + 1)
  while (next < text.length) {
    if (text[next] === '\\') next += hasEscapes ? 2 : 1
    else if (text[next + 1] === quote) next += 2
    else return tokenOf(quote === "'" ? 'string' : 'quoted', text, at, next + 1)
    next = endOf(plain, text, next)
  }
  return tokenOf('unclosed', text, at, text.length)
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  pattern.exec(text)
  return Math.max(pattern.lastIndex, at)
}
