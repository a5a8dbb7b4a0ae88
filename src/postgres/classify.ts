import { rememberedByText } from '../by-text'
import { isDot, staysTarget } from '../insert-target'
import { scanSql } from './sql-scanner'
import type { Token } from './sql-scanner'
import { PURE_NAMES } from './pure-names'

/**
 * How a text can travel with a switch.
 * `dml`: one statement that runs behind the switch under the same Sync;
 * `begin`: opens a transaction, the switch goes in front of it, outside;
 * `control`: ends or steers a transaction and touches no table;
 * `other`: DDL, several statements, COPY, VACUUM, CALL: the switch is answered first.
 */
export type Kind = 'dml' | 'begin' | 'control' | 'other'

/**
 * What a statement may leave behind on its connection.
 * `none`: nothing; `write`: rows, and what triggers and sequences keep (`lastval()`); `any`: session state of any kind.
 */
export type Effect = 'none' | 'write' | 'any'

/** What the text of a query says about it. */
export interface StatementClass {
  readonly kind: Kind
  readonly effect: Effect
}

const DML = new Set([
  'select',
  'insert',
  'update',
  'delete',
  'with',
  'merge',
  'values',
  'table',
  'explain',
  'show',
])
const WRITES = new Set(['insert', 'update', 'delete', 'merge'])
/** What EXPLAIN can run, and is no query. */
const NO_QUERY = new Set(['create', 'execute', 'declare', 'refresh'])
const CONTROL = new Set(['commit', 'end', 'rollback', 'abort', 'savepoint', 'release'])

/** Classifies a text as one query sends it. Errs to the safe side: `other` costs a round trip, `any` a DISCARD ALL. */
export const classify = rememberedByText(read)

function read(text: string): StatementClass {
  const shape = shapeOf(text)
  const [first = '', second = ''] = shape.words
  const effect = shape.calls ? 'any' : shape.writes ? 'write' : 'none'
  if (shape.isMany || first === '') return { kind: 'other', effect: 'any' }
  if (shape.definesTable) return { kind: 'other', effect: 'any' }
  if (DML.has(first)) return { kind: 'dml', effect }
  if (first === 'begin' || (first === 'start' && second === 'transaction'))
    return { kind: 'begin', effect: 'none' }
  // ROLLBACK, also one to a savepoint, takes back a SET: our switch, too.
  if (CONTROL.has(first) && second !== 'prepared')
    return { kind: 'control', effect: first === 'rollback' || first === 'abort' ? 'any' : 'none' }
  if (first === 'set' && (second === 'transaction' || second === 'constraints'))
    return { kind: 'control', effect: 'none' }
  return { kind: 'other', effect: 'any' }
}

interface Shape {
  /** The first two words. */
  readonly words: readonly string[]
  /** Something stands behind a semicolon. */
  readonly isMany: boolean
  /** Has a word that writes rows. */
  readonly writes: boolean
  /** SELECT INTO, or EXPLAIN ANALYZE of something that is no query: makes a table, runs a prepared statement. */
  readonly definesTable: boolean
  /** Calls a function that is not known to be free of side effects. */
  readonly calls: boolean
}

function shapeOf(text: string): Shape {
  const words: string[] = []
  let [isMany, writes, calls, hasEnded, hasInto, inserts, explainsOther] = Array<boolean>(7).fill(false)
  let previous: Token | undefined
  let [isTarget, isQualified] = [false, false]
  for (const token of scanSql(text)) {
    if (hasEnded) isMany = true
    if (token.type === 'word') {
      if (words.length < 2) words.push(token.text)
      if (WRITES.has(token.text) || token.text === 'into') writes = true
      hasInto ||= token.text === 'into'
      inserts ||= token.text === 'insert' || token.text === 'merge'
      explainsOther ||= words[0] === 'explain' && NO_QUERY.has(token.text)
    } else if (token.text === ';') hasEnded = true
    else if (token.text === '(') {
      if (!isTarget && isCall(previous, isQualified)) calls = true
    }
    isTarget = staysTarget(token, previous, isTarget)
    isQualified = token.type !== 'mark' && isDot(previous)
    previous = token
  }
  const definesTable = (hasInto && !inserts) || explainsOther
  return { words, isMany, writes, calls, definesTable } as Shape
}

/** Whether a parenthesis behind this token opens the arguments of a function that we know nothing of. */
function isCall(before: Token | undefined, isQualified: boolean): boolean {
  if (before === undefined || before.type === 'mark') return false
  return before.type === 'quoted' || isQualified || !PURE_NAMES.has(before.text)
}
