/** A piece of SQL text that matters for its shape. Comments, strings, numbers and operators are passed over. */
export interface Token {
  /** `word`: keyword or bare identifier; `quoted`: "identifier"; `mark`: one of ; ( ) . */
  readonly type: 'word' | 'quoted' | 'mark'
  /** Lower case for words, the character for marks, empty for quoted identifiers. */
  readonly text: string
  /** Where it begins in the text, and where what follows does. */
  readonly at: number
  readonly end: number
}

const QUOTE = 39
const DOUBLE_QUOTE = 34
const DOLLAR = 36
const DASH = 45
const SLASH = 47
const STAR = 42
const BACKSLASH = 92
const LETTER_B = 98
const LETTER_E = 101
const LETTER_X = 120

/**
 * Cuts SQL into tokens in one pass: time grows with the length of the text, whatever is in it. Knows nested comments,
 * 'strings', E'strings', B'1' and X'f' (never with escapes), dollar quotes and "identifiers", with standard_conforming_strings on (the default since 9.1).
 *
 * @param escapes - reads 'strings' as with standard_conforming_strings off
 */
export function* scanSql(text: string, escapes = false): Generator<Token> {
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === DASH && text.charCodeAt(at + 1) === DASH) at = endOfLine(text, at)
    else if (code === SLASH && text.charCodeAt(at + 1) === STAR) at = endOfComment(text, at)
    else if (code === QUOTE) at = endOfString(text, at, escapes)
    else if (code === DOUBLE_QUOTE) {
      const end = endOfQuoted(text, at)
      yield { type: 'quoted', text: '', at, end }
      at = end
    } else if (code === DOLLAR) at = endOfDollar(text, at)
    else if (isWordStart(code)) {
      const end = endOfWord(text, at)
      const letter = end === at + 1 && text.charCodeAt(end) === QUOTE ? code | 32 : undefined
      if (letter === LETTER_E) at = endOfString(text, end, true)
      else if (letter === LETTER_B || letter === LETTER_X) at = endOfString(text, end, false)
      else {
        yield { type: 'word', text: text.slice(at, end).toLowerCase(), at, end }
        at = end
      }
    } else if (isDigit(code)) at = endOfNumber(text, at)
    else {
      if (code === 59 || code === 40 || code === 41 || code === 46)
        yield { type: 'mark', text: text[at]!, at, end: at + 1 }
      at += 1
    }
  }
}

/** For PostgreSQL a carriage return ends a line, too. */
function endOfLine(text: string, at: number): number {
  let next = at
  while (next < text.length && !isLineEnd(text.charCodeAt(next))) next += 1
  return next + 1
}

function isLineEnd(code: number): boolean {
  return code === 10 || code === 13
}

function endOfComment(text: string, at: number): number {
  let depth = 1
  let next = at + 2
  while (next < text.length && depth > 0) {
    const code = text.charCodeAt(next)
    if (code === SLASH && text.charCodeAt(next + 1) === STAR) {
      depth += 1
      next += 2
    } else if (code === STAR && text.charCodeAt(next + 1) === SLASH) {
      depth -= 1
      next += 2
    } else next += 1
  }
  return next
}

function endOfString(text: string, at: number, escapes: boolean): number {
  for (let next = at + 1; next < text.length; next += 1) {
    const code = text.charCodeAt(next)
    if (escapes && code === BACKSLASH) next += 1
    else if (code === QUOTE) {
      const continued = escapes ? startOfContinuation(text, next + 1) : undefined
      if (text.charCodeAt(next + 1) === QUOTE) next += 1
      else if (continued === undefined) return next + 1
      else next = continued
    }
  }
  return text.length
}

/** A string goes on behind a line end, and escapes in E'...' go on with it: E'a'\n'\''. */
function startOfContinuation(text: string, at: number): number | undefined {
  let next = at
  let hasLineEnd = false
  for (;;) {
    const code = text.charCodeAt(next)
    if (code === DASH && text.charCodeAt(next + 1) === DASH) {
      next = endOfLine(text, next)
      hasLineEnd = true
    } else if (isLineEnd(code) || code === 32 || code === 9 || code === 11 || code === 12) {
      hasLineEnd ||= isLineEnd(code)
      next += 1
    } else return hasLineEnd && code === QUOTE ? next : undefined
  }
}

function endOfQuoted(text: string, at: number): number {
  for (let next = at + 1; next < text.length; next += 1) {
    if (text.charCodeAt(next) !== DOUBLE_QUOTE) continue
    if (text.charCodeAt(next + 1) !== DOUBLE_QUOTE) return next + 1
    next += 1
  }
  return text.length
}

/** `$1` is a parameter, `$$` and `$tag$` begin a quote that ends with the same tag. */
function endOfDollar(text: string, at: number): number {
  let next = at + 1
  // Not as a number: in `$1.a$b$` a field is named a$b$, and no quote begins.
  if (isDigit(text.charCodeAt(next))) {
    while (isDigit(text.charCodeAt(next))) next += 1
    return next
  }
  if (isWordStart(text.charCodeAt(next))) while (isTagPart(text.charCodeAt(next))) next += 1
  if (text.charCodeAt(next) !== DOLLAR) return at + 1
  const tag = text.slice(at, next + 1)
  const end = text.indexOf(tag, next + 1)
  return end === -1 ? text.length : end + tag.length
}

function endOfWord(text: string, at: number): number {
  let next = at + 1
  while (next < text.length && (isTagPart(text.charCodeAt(next)) || text.charCodeAt(next) === DOLLAR))
    next += 1
  return next
}

function endOfNumber(text: string, at: number): number {
  let next = at + 1
  while (isTagPart(text.charCodeAt(next)) || text.charCodeAt(next) === 46) next += 1
  return next
}

function isWordStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code >= 128
}

function isTagPart(code: number): boolean {
  return isWordStart(code) || isDigit(code)
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
