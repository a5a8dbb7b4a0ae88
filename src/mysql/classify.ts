import { rememberedByText } from '../by-text'
import { isDot, isInto, staysTarget } from '../insert-target'
import { FUNCTIONS, KEYWORDS } from './pure-names'
import { ESCAPED_QUOTES, scanSql } from './sql-scanner'
import type { Token } from './sql-scanner'

/**
 * What a statement may leave behind on its connection.
 * `none`: nothing; `write`: rows, and LAST_INSERT_ID(); `any`: session state of any kind.
 */
export type Effect = 'none' | 'write' | 'any'

/**
 * `read`, `write`, `control` (of transactions), `define` (DDL, locks): can't move the connection;
 * `other`: could change the current database, or stop the server's reports of that: USE, SET, CALL, dynamic SQL.
 */
export type Kind = 'read' | 'write' | 'control' | 'define' | 'other'

/** What the text of a query says about it. */
export interface StatementClass {
  readonly kind: Kind
  readonly effect: Effect
}

const READS = new Set(['select', 'with', 'values', 'table', 'show', 'explain', 'describe', 'desc', 'analyze'])
const WRITES = new Set(['insert', 'update', 'delete', 'replace'])
const CONTROL = new Set(['begin', 'start', 'commit', 'rollback', 'savepoint', 'release'])
const DEFINES = new Set([
  'create',
  'alter',
  'drop',
  'truncate',
  'rename',
  'optimize',
  'lock',
  'unlock',
  'load',
  'do',
])

/** The class of what nothing is known of. */
export const ANYTHING: StatementClass = { kind: 'other', effect: 'any' }

/** Classifies a text. Errs to the safe side: `any` costs a reset of the session, `other` a round trip. */
export const classify = rememberedByText(read)

function read(text: string): StatementClass {
  if (!text.includes('\\')) return classIn(text, ESCAPED_QUOTES[0]) ?? ANYTHING
  // What a backslash in quotes does is up to sql_mode, which we don't know: the worst of its readings counts.
  const readings = ESCAPED_QUOTES.map((escaped) => classIn(text, escaped))
  return readings.reduce(worseOf) ?? ANYTHING
}

/** The class of a text in one reading; undefined where the server would refuse it. */
function classIn(text: string, escaped: string): StatementClass | undefined {
  const { first, second, isMany, isUnsure, isUnclosed, writes, keeps } = shapeOf(text, escaped)
  if (isMany || isUnsure || first === '') return ANYTHING
  if (isUnclosed) return undefined
  const effect: Effect = keeps ? 'any' : writes ? 'write' : 'none'
  if (READS.has(first)) return { kind: 'read', effect }
  if (WRITES.has(first)) return { kind: 'write', effect }
  // BEGIN NOT ATOMIC is a block of statements.
  if (CONTROL.has(first)) return second === 'not' ? ANYTHING : { kind: 'control', effect: 'none' }
  const isDefinition = DEFINES.has(first) && second !== 'database' && second !== 'schema'
  return { kind: isDefinition ? 'define' : 'other', effect: 'any' }
}

function worseOf(
  one: StatementClass | undefined,
  other: StatementClass | undefined,
): StatementClass | undefined {
  if (one === undefined || other === undefined) return one ?? other
  const effects: readonly Effect[] = ['none', 'write', 'any']
  const effect = effects[Math.max(effects.indexOf(one.effect), effects.indexOf(other.effect))]!
  return { kind: one.kind === other.kind ? one.kind : 'other', effect }
}

interface Shape {
  readonly first: string
  readonly second: string
  /** Something stands behind a semicolon. */
  readonly isMany: boolean
  /** What it is depends on the server's version, or on a character set. */
  readonly isUnsure: boolean
  /** It ends within quotes. */
  readonly isUnclosed: boolean
  readonly writes: boolean
  /** Sets a variable, takes a lock, or calls a function that is not known to be free of side effects. */
  readonly keeps: boolean
}

function shapeOf(text: string, escaped: string): Shape {
  const words: string[] = []
  let [isMany, isUnsure, isUnclosed, writes, keeps] = [false, false, false, false, false]
  let [hasEnded, isTarget, isQualified] = [false, false, false]
  let previous: Token | undefined
  for (const token of scanSql(text, { escaped, onDoubt: () => (isUnsure = true) })) {
    if (hasEnded) isMany = true
    if (token.type === 'unclosed') isUnclosed = true
    else if (token.type === 'word') {
      if (words.length < 2) words.push(token.text)
      if (WRITES.has(token.text)) writes = true
    } else if (token.type === 'variable')
      keeps ||= isInto(previous) // SELECT ... INTO @variable
    else if (token.text === ';') hasEnded = true
    else if (token.text === ':=') keeps = true
    else if (token.text === '(') {
      if (!isTarget && isCall(previous, token, isQualified)) keeps = true
    }
    isTarget = staysTarget(token, previous, isTarget)
    isQualified = token.type !== 'mark' && isDot(previous)
    previous = token
  }
  const [first = '', second = ''] = words
  return { first, second, isMany, isUnsure, isUnclosed, writes, keeps }
}

/** Whether a parenthesis behind this token opens the arguments of a function that we know nothing of. */
function isCall(before: Token | undefined, parenthesis: Token, isQualified: boolean): boolean {
  if (before === undefined || (before.type !== 'word' && before.type !== 'quoted')) return false
  if (before.type === 'quoted' || isQualified) return true
  if (KEYWORDS.has(before.text)) return false
  return before.end !== parenthesis.at || !FUNCTIONS.has(before.text)
}
