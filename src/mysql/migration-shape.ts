import { LRUCache } from 'lru-cache'
import { ROUTINES } from './migration-nesting'
import { scanSql } from './migration-scanner'
import type { Token } from './migration-scanner'

/** What a statement is about, as far as its text tells. */
export interface StatementShape {
  /** First word, lower case: `create`. Empty where there is none. */
  readonly verb: string
  /** What CREATE, ALTER, DROP, RENAME, ... work on, lower case: `table`. */
  readonly object: string | undefined
  /** All tokens, but of a routine only those in front of its parameters and body. */
  readonly tokens: readonly Token[]
  /** The bare words among the tokens, lower case. */
  readonly words: readonly string[]
}

const OBJECTS = new Set([
  ...ROUTINES,
  ...[
    'table',
    'tables',
    'view',
    'index',
    'sequence',
    'database',
    'schema',
    'user',
    'role',
    'server',
    'tablespace',
  ],
  ...['logfile', 'resource', 'undo', 'instance', 'spatial', 'reference'],
])
const WITH_OBJECT = new Set(
  'create alter drop rename truncate analyze optimize check repair checksum'.split(' '),
)
/** Where the head of a routine ends. */
const HEAD_END: Readonly<Record<string, RegExp>> = {
  procedure: /^(\(|begin)$/,
  function: /^(\(|begin|returns|return)$/,
  trigger: /^row$/,
  event: /^(do|schedule)$/,
  package: /^(as|is)$/,
}

/** The same texts are sent to each tenant of a fleet. */
const known = new LRUCache<string, StatementShape>({ max: 500 })
const MAX_KNOWN_LENGTH = 10_000

/** Reads the shape of one statement. */
export function shapeOf(sql: string): StatementShape {
  if (sql.length > MAX_KNOWN_LENGTH) return readShape(sql)
  const shape = known.get(sql) ?? readShape(sql)
  known.set(sql, shape)
  return shape
}

function readShape(sql: string): StatementShape {
  const all = [...scanSql(sql)].filter(({ type }) => type !== 'open' && type !== 'close')
  const verb = lower(all.find(({ type }) => type === 'word'))
  const isNamed = WITH_OBJECT.has(verb)
  const object = isNamed ? lower(all.find((token) => token.type === 'word' && isObject(token, all))) : ''
  const isRoutine = (verb === 'create' || verb === 'alter') && ROUTINES.has(object)
  const end = isRoutine ? all.findIndex((token) => HEAD_END[object]!.test(lower(token))) : -1
  const tokens = end === -1 ? all : all.slice(0, end)
  const words = tokens.filter(({ type }) => type === 'word').map(lower)
  return { verb, object: object === '' ? undefined : object, tokens, words }
}

/** Lower case of a bare word or mark; empty for everything in quotes. */
export function lower(token: Token | undefined): string {
  return token?.type === 'word' || token?.type === 'mark' ? token.text.toLowerCase() : ''
}

/** The same at a place; empty behind a dot, where a keyword is a name, `a.set`. */
export function keywordAt(tokens: readonly Token[], at: number): string {
  return tokens[at - 1]?.text === '.' ? '' : lower(tokens[at])
}

/** Whether a name with a qualifier begins here: `other.widgets`. */
export function qualifierAt(tokens: readonly Token[], at: number): string | undefined {
  const [qualifier, dot, name] = tokens.slice(at, at + 3)
  return isName(qualifier) && dot?.text === '.' && isName(name) ? qualifier.text : undefined
}

/** Number of the parentheses around each token. */
export function depthsOf(tokens: readonly Token[]): readonly number[] {
  let depth = 0
  return tokens.map((token) => {
    if (lower(token) === ')') depth -= 1
    const own = depth
    if (lower(token) === '(') depth += 1
    return own
  })
}

/** SPATIAL INDEX is an index; CREATE SPATIAL REFERENCE SYSTEM is not. */
function isObject(token: Token, all: readonly Token[]): boolean {
  const word = lower(token)
  if (word !== 'spatial') return OBJECTS.has(word)
  return lower(all[all.indexOf(token) + 1]) === 'reference'
}

/** Whether it can be a name. Behind a dot `1e5` is one; digits alone must be in backticks. */
export function isName(token: Token | undefined): token is Token {
  if (token?.type === 'number') return /\D/.test(token.text)
  return token?.type === 'word' || token?.type === 'quoted'
}

/**
 * The table that a statement makes, changes or drops, where it is about one: whatever else it changes, it shows there.
 *
 * @returns undefined where it is about something else, or not plain to see
 */
export function tableOf(sql: string, schema: string): string | undefined {
  // What the server reads of an executable comment depends on its version.
  if (/\/\*M?!/.test(sql)) return undefined
  const { verb, object, tokens } = shapeOf(sql)
  if (object === 'table' && /^(create|alter|drop)$/.test(verb)) return nameBehind('table', tokens, schema)
  if (object === 'index' && /^(create|drop)$/.test(verb)) return nameBehind('on', tokens, schema)
  return undefined
}

function nameBehind(word: string, tokens: readonly Token[], schema: string): string | undefined {
  let at = tokens.findIndex((token) => lower(token) === word) + 1
  if (at === 0) return undefined
  if (lower(tokens[at]) === 'if') at += lower(tokens[at + 1]) === 'not' ? 3 : 2
  const qualifier = qualifierAt(tokens, at)
  if (qualifier !== undefined && qualifier !== schema) return undefined
  const name = tokens[qualifier === undefined ? at : at + 2]
  const isList = tokens[qualifier === undefined ? at + 1 : at + 3]?.text === ','
  return isName(name) && !isList ? name.text : undefined
}
