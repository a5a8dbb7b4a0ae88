import { rememberedByText } from '../by-text'
import { IsolationError } from '../errors'
import type { Submittable } from './driver'
import { scanSql } from './sql-scanner'
import type { Token } from './sql-scanner'

/*
 * The application's role may take every tenant's role. What does so in a text of a tenant is refused before it is sent; so is
 * what brings a text of its own to be run (DO, CREATE FUNCTION, query_to_xml), in which it could hide. Names of settings must
 * be plain: U&"\0072ole" is role, too.
 */

/** Without one of these, however it is cut into tokens, a text does nothing of that kind. */
const SUSPECT =
  /role|authorization|set_config|u&"|\bdo\b|function|procedure|aggregate|operator|query_to_xml|ts_stat|ts_rewrite|crosstab|connectby|xpath_table/i
/** Functions that run a text: of the server, and of its extensions tablefunc and xml2. Measured: their SQL may take a role. */
const RUNS_TEXT = /query_to_xml|\bts_stat\b|\bts_rewrite\b|crosstab|\bconnectby\b|\bxpath_table\b|u&"/i
const SET_CONFIG = /set_config/gi
/** Sets what is named, and that is no role. */
const PLAIN_SET_CONFIG =
  /set_config\s*\(\s*'(?!role'|session_authorization')[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*'\s*,/gi
const BEYOND_ASCII = /[^\0-\x7f]/
/** $ä$: in some encodings of a client (sjis) two tags that differ here are one to the server, and end each other's quote. */
const TAG = /\$[a-z_\x80-\uffff][a-z0-9_\x80-\uffff]*(?=\$)/gi
const OF_ROLES = new Set(['role', 'authorization', 'session_authorization'])
/** Aggregates and operators name the function that they call in a string as well, where escapes hide it: E'set\x5fconfig'. */
const ROUTINES = new Set(['function', 'procedure', 'aggregate', 'operator'])

/** Whether a text takes or gives up a role, or may do so unseen. It does not see what a function or procedure does. */
export const takesRole = rememberedByText((text) => {
  if (!SUSPECT.test(text)) return false
  if (RUNS_TEXT.test(text) || countOf(text, SET_CONFIG) !== countOf(text, PLAIN_SET_CONFIG)) return true
  if (BEYOND_ASCII.test(text) && text.match(TAG)?.some((tag) => BEYOND_ASCII.test(tag))) return true
  if (!text.includes('\\')) return takesRoleIn(text, false)
  // In some encodings of a client (sjis) a letter beyond ASCII makes the backslash behind it a part of itself.
  return BEYOND_ASCII.test(text) || takesRoleIn(text, false) || takesRoleIn(text, true)
})

/** Why a tenant's query may not go out where tenants have roles. */
export function roleProblemOf(query: Submittable, tenant: string | undefined): IsolationError | undefined {
  // pg-query-stream has its text in its cursor.
  const text = query.text ?? (query as { cursor?: { text?: unknown } }).cursor?.text
  if (typeof text !== 'string')
    return new IsolationError(
      'With `isolation: "role"` the text of a query must be known before it is sent, and this one has none.',
      { tenant },
    )
  if (!takesRole(text)) return undefined
  return new IsolationError(
    'This text takes another role, or could do so unseen (SET ROLE, SESSION AUTHORIZATION, set_config() of a name that is not ' +
      'plain, DO, CREATE FUNCTION or AGGREGATE, query_to_xml() and the like), so it was not sent: with `isolation: "role"` the role is what ' +
      'keeps tenants apart. See docs/hard-isolation.md.',
    { tenant },
  )
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}

function takesRoleIn(text: string, escapes: boolean): boolean {
  let statement: Token[] = []
  for (const token of scanSql(text, escapes)) {
    if (token.text === ';') statement = []
    // The beginning tells; there may be much behind it.
    else if (statement.length < BEGINNING) {
      statement.push(token)
      if (beginsWithRole(statement)) return true
    }
  }
  return false
}

/** `create or replace function`, `set session session authorization` */
const BEGINNING = 4

function beginsWithRole([first, ...rest]: readonly Token[]): boolean {
  switch (first?.text) {
    case 'do':
      return true
    case 'create':
      return rest.some(({ text }) => ROUTINES.has(text))
    case 'set':
    case 'reset':
      return rest.some(({ type, text }, index) => isOfRoles(type, text) && isNameOfSetting(rest, index))
    default:
      return false
  }
}

function isOfRoles(type: Token['type'], text: string): boolean {
  return type === 'quoted' || OF_ROLES.has(text)
}

/** Nothing but SESSION and LOCAL stands in front. */
function isNameOfSetting(rest: readonly Token[], index: number): boolean {
  return rest.slice(0, index).every(({ text }) => text === 'session' || text === 'local')
}
