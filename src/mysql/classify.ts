import { rememberedByText } from '../by-text'
import { PURE_NAMES } from './pure-names'
import { scanSql } from './sql-scanner'
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
  const { first, second, isMany, writes, keeps } = shapeOf(text)
  if (isMany || first === '') return ANYTHING
  const effect: Effect = keeps ? 'any' : writes ? 'write' : 'none'
  if (READS.has(first)) return { kind: 'read', effect }
  if (WRITES.has(first)) return { kind: 'write', effect }
  // BEGIN NOT ATOMIC is a block of statements.
  if (CONTROL.has(first)) return second === 'not' ? ANYTHING : { kind: 'control', effect: 'none' }
  const isDefinition = DEFINES.has(first) && second !== 'database' && second !== 'schema'
  return { kind: isDefinition ? 'define' : 'other', effect: 'any' }
}

interface Shape {
  readonly first: string
  readonly second: string
  /** Something stands behind a semicolon. */
  readonly isMany: boolean
  readonly writes: boolean
  /** Sets a variable, takes a lock, or calls a function that is not known to be free of side effects. */
  readonly keeps: boolean
}

function shapeOf(text: string): Shape {
  const words: string[] = []
  let [isMany, writes, keeps, hasEnded, isTarget, isQualified] = [false, false, false, false, false, false]
  let previous: Token | undefined
  for (const token of scanSql(text)) {
    if (hasEnded) isMany = true
    if (token.type === 'word') {
      if (words.length < 2) words.push(token.text)
      if (WRITES.has(token.text)) writes = true
    } else if (token.type === 'variable') keeps ||= isInto(previous)
    else if (token.text === ';') hasEnded = true
    else if (token.text === ':=') keeps = true
    else if (token.text === '(') {
      if (!isTarget && isCall(previous, isQualified)) keeps = true
    }
    isTarget = staysTarget(token, previous, isTarget)
    isQualified = token.type !== 'mark' && previous?.type === 'mark' && previous.text === '.'
    previous = token
  }
  const [first = '', second = ''] = words
  return { first, second, isMany, writes, keeps }
}

/** SELECT ... INTO @variable */
function isInto(previous: Token | undefined): boolean {
  return previous?.type === 'word' && previous.text === 'into'
}

/** Whether what follows may be the list of columns in INSERT INTO widgets (name), and no call. */
function staysTarget(token: Token, previous: Token | undefined, isTarget: boolean): boolean {
  if (token.type === 'word' && token.text === 'into') return true
  if (token.type === 'mark') return isTarget && token.text === '.'
  return isTarget && (previous?.text === 'into' || previous?.text === '.')
}

/** Whether a parenthesis behind this token opens the arguments of a function that we know nothing of. */
function isCall(before: Token | undefined, isQualified: boolean): boolean {
  if (before === undefined || before.type === 'mark' || before.type === 'variable') return false
  return before.type === 'quoted' || isQualified || !PURE_NAMES.has(before.text)
}
