import { isName, keywordAt, qualifierAt } from './migration-shape'
import type { Token } from './migration-scanner'

/** A table as a statement names it, `other.widgets w`. */
export interface NamedTable {
  /** Undefined where the statement leaves it out. */
  readonly database: string | undefined
  /** What the rest of the statement calls it, lower case: its alias, or its name. */
  readonly called: string
}

/** What stands behind a table without being its alias, and begins no table. */
const NO_NAMES = new Set(
  (
    'join inner cross left right full natural straight_join on using set where partition for use ignore force order ' +
    'limit returning union'
  ).split(' '),
)
const QUERY = /^(select|with|values|table)$/

/**
 * Reads a list of tables, as it stands behind UPDATE, and behind FROM or USING of a DELETE: with joins, in parentheses or
 * not. Conditions are passed over, and queries with what they read.
 *
 * What is qualified and not called like any table of the list counts as a table, so that syntax which is not known here
 * hides no database.
 */
export function readTables(tokens: readonly Token[], from: number, to: number): readonly NamedTable[] {
  const tables: NamedTable[] = []
  const others: string[] = []
  let isTableNext = true
  let at = from
  while (at < to) {
    const word = keywordAt(tokens, at)
    if (word === '(') {
      const isJoin = isTableNext && !QUERY.test(keywordAt(tokens, at + 1))
      if (!isJoin) isTableNext = false
      at = isJoin ? at + 1 : behindParentheses(tokens, at)
    } else if (word === ',' || word === 'join' || word === 'straight_join') {
      isTableNext = true
      at += 1
    } else if (isTableNext && word === '{') at += 2
    else if (isTableNext && beginsTable(tokens, at)) {
      isTableNext = false
      const { table, next } = tableAt(tokens, at)
      tables.push(table)
      at = next
    } else {
      const qualifier = qualifierAt(tokens, at)
      if (qualifier !== undefined && tokens[at - 1]?.text !== '.') others.push(qualifier)
      at += 1
    }
  }
  const called = new Set(tables.map((table) => table.called))
  const unknown = others.filter((qualifier) => !called.has(qualifier.toLowerCase()))
  return [...tables, ...unknown.map((database) => ({ database, called: '' }))]
}

function beginsTable(tokens: readonly Token[], at: number): boolean {
  const word = keywordAt(tokens, at)
  const isFunction = keywordAt(tokens, at + 1) === '('
  return isName(tokens[at]) && !isFunction && !NO_NAMES.has(word) && word !== 'lateral'
}

function tableAt(
  tokens: readonly Token[],
  at: number,
): { readonly table: NamedTable; readonly next: number } {
  const database = qualifierAt(tokens, at)
  const end = at + (database === undefined ? 1 : 3)
  let next = keywordAt(tokens, end) === 'partition' ? behindParentheses(tokens, end) : end
  if (keywordAt(tokens, next) === 'as') next += 1
  const hasAlias = isName(tokens[next]) && !NO_NAMES.has(keywordAt(tokens, next))
  const { text } = tokens[hasAlias ? next : end - 1]!
  return { table: { database, called: text.toLowerCase() }, next: hasAlias ? next + 1 : next }
}

/** Behind the next parenthesis and what is in it. */
function behindParentheses(tokens: readonly Token[], from: number): number {
  let depth = 0
  for (let at = from; at < tokens.length; at += 1) {
    const word = keywordAt(tokens, at)
    if (word === '(') depth += 1
    if (word !== ')') continue
    depth -= 1
    if (depth <= 0) return at + 1
  }
  return tokens.length
}
