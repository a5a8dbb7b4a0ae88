import { isName, keywordAt, lower, qualifierAt } from './migration-shape'
import type { StatementShape } from './migration-shape'
import { readTables } from './migration-tables'
import type { NamedTable } from './migration-tables'

type Tokens = StatementShape['tokens']

/** Whether a statement writes into another database: `maybe` where an unqualified column could be of a table there. */
type Reach = 'inside' | 'outside' | 'maybe'

const MODIFIER = /^(low_priority|high_priority|delayed|quick|ignore|history|concurrent)$/
const STATEMENT = /^(select|insert|replace|update|delete|values|table)$/
/** Where the list of tables, or what SET sets, ends. */
const CLAUSE = /^(where|order|limit|returning)$/

/**
 * Tells whether INSERT, REPLACE, UPDATE, DELETE, LOAD or CALL reach into another database than `schema`. Tables there may be
 * read, also in the joins of UPDATE and DELETE: what counts is which of the tables are set or emptied.
 */
export function reachOf({ verb, tokens }: StatementShape, schema: string): Reach {
  const start = startOf(verb, tokens)
  let at = start + 1
  while (MODIFIER.test(keywordAt(tokens, at))) at += 1
  switch (keywordAt(tokens, start)) {
    case 'insert':
    case 'replace':
      return reachOfName(tokens, keywordAt(tokens, at) === 'into' ? at + 1 : at, schema)
    case 'load': {
      const table = tokens.findIndex((token) => lower(token) === 'table')
      return reachOfName(tokens, table + 1, schema)
    }
    case 'call':
      return reachOfName(tokens, start + 1, schema)
    case 'update':
      return reachOfUpdate(tokens, at, schema)
    case 'delete':
      return reachOfDelete(tokens, at, schema)
    default:
      return 'inside'
  }
}

/** Behind the common table expressions of WITH; EXPLAIN ANALYZE runs what it explains. */
function startOf(verb: string, tokens: Tokens): number {
  const isInside = /^(with|explain|desc|describe)$/.test(verb)
  return isInside ? indexOf(tokens, 0, STATEMENT) : tokens.findIndex((token) => lower(token) === verb)
}

function reachOfName(tokens: Tokens, at: number, schema: string): Reach {
  return isForeign(qualifierAt(tokens, at), schema) ? 'outside' : 'inside'
}

/** `UPDATE tables SET target = value, target = value WHERE ...` */
function reachOfUpdate(tokens: Tokens, from: number, schema: string): Reach {
  const set = indexOf(tokens, from, /^set$/)
  const tables = readTables(tokens, from, set)
  const reaches: Reach[] = []
  for (const at of partsOf(tokens, set + 1, indexOf(tokens, set + 1, CLAUSE))) {
    const parts = nameAt(tokens, at)
    if (parts.length === 3) reaches.push(isForeign(parts[0], schema) ? 'outside' : 'inside')
    else if (parts.length === 2) reaches.push(reachOfCalled(parts[0]!, tables, schema))
    else if (tables.some(({ database }) => isForeign(database, schema)))
      reaches.push(tables.length === 1 ? 'outside' : 'maybe')
  }
  return reaches.includes('outside') ? 'outside' : reaches.includes('maybe') ? 'maybe' : 'inside'
}

/** `DELETE FROM table`, `DELETE targets FROM tables`, `DELETE FROM targets USING tables` */
function reachOfDelete(tokens: Tokens, from: number, schema: string): Reach {
  const isFromFirst = keywordAt(tokens, from) === 'from'
  const first = isFromFirst ? from + 1 : from
  const end = indexOf(tokens, first, CLAUSE)
  const middle = indexOf(tokens, first, isFromFirst ? /^using$/ : /^from$/)
  if (middle >= end) {
    const tables = readTables(tokens, first, end)
    return tables.some(({ database }) => isForeign(database, schema)) ? 'outside' : 'inside'
  }
  const tables = readTables(tokens, middle + 1, end)
  const isOutside = partsOf(tokens, first, middle).some((at) => {
    const [name = '', qualifier] = nameAt(tokens, at).reverse()
    return qualifier === undefined ? reachOfCalled(name, tables, schema) === 'outside' : qualifier !== schema
  })
  return isOutside ? 'outside' : 'inside'
}

/** Only what is surely called like a table of the tenant's is inside, once another database is named at all. */
function reachOfCalled(name: string, tables: readonly NamedTable[], schema: string): Reach {
  const foreign = tables.filter(({ database }) => isForeign(database, schema))
  if (foreign.length === 0) return 'inside'
  const isCalled = ({ called }: NamedTable): boolean => called === name.toLowerCase()
  const isOwn = tables.some((table) => isCalled(table) && !foreign.includes(table))
  return isOwn && !foreign.some(isCalled) ? 'inside' : 'outside'
}

function isForeign(database: string | undefined, schema: string): boolean {
  return database !== undefined && database !== schema
}

/** The parts of a name, `a.b.c`; without the star of `a.*`. */
function nameAt(tokens: Tokens, from: number): string[] {
  const parts: string[] = []
  for (let at = from; isName(tokens[at]); at += 2) {
    parts.push(tokens[at]!.text)
    if (tokens[at + 1]?.text !== '.') break
  }
  return parts
}

/** Where the parts of a list begin, at its commas outside of parentheses. */
function partsOf(tokens: Tokens, from: number, to: number): number[] {
  const places: number[] = []
  for (let at = from; at < to; at = indexOf(tokens, at, /^,$/) + 1) places.push(at)
  return places
}

/** The first such word outside of parentheses; the end where there is none. */
function indexOf(tokens: Tokens, from: number, pattern: RegExp): number {
  let depth = 0
  for (let at = from; at < tokens.length; at += 1) {
    const word = keywordAt(tokens, at)
    if (word === ')') depth -= 1
    if (depth === 0 && pattern.test(word)) return at
    if (word === '(') depth += 1
  }
  return tokens.length
}
