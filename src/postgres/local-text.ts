import { rememberedByText } from '../by-text'
import { scanSql } from './sql-scanner'
import type { Token } from './sql-scanner'

/** What a text asks of a connection that is lent by the transaction. */
export interface LocalText {
  /** Why it can't run there; a part of a sentence. */
  readonly problem: string | undefined
  /** It looks names up although it belongs to a transaction's steering. */
  readonly needsPath: boolean
  /** Could commit in the middle, outside of a transaction block. */
  readonly isCall: boolean
}

/** What stays on a connection, and is met by whoever gets it next. */
const LEFT_BEHIND: Readonly<Record<string, string>> = {
  reset: 'RESET changes a setting for whoever gets the connection next',
  discard: 'DISCARD clears a session that others use',
  listen: 'LISTEN stays on a connection that others get',
  unlisten: 'UNLISTEN ends what others listen to',
  prepare: 'PREPARE leaves a statement on a connection that others get',
  execute: 'EXECUTE may find the statement of somebody else',
  deallocate: 'DEALLOCATE takes away a statement of somebody else',
  load: 'LOAD stays on a connection that others get',
}
const ENDS = new Set(['commit', 'end', 'rollback', 'abort'])
/** SET of one of these ends with the transaction. */
const LOCAL_SET = new Set(['local', 'transaction', 'constraints'])
const SESSION_LOCKS = new Set([
  'pg_advisory_lock',
  'pg_advisory_lock_shared',
  'pg_try_advisory_lock',
  'pg_try_advisory_lock_shared',
])

const SETS =
  'set_config() changes a setting for whoever gets the connection next, unless its third argument is the word true'

/** Reads a text as one query sends it. Names of functions and words are looked at, not what is hidden in functions. */
export const readLocally = rememberedByText(read)

function read(text: string): LocalText {
  const statements = cut([...scanSql(text)])
  const [first] = statements
  return {
    problem:
      statements.flatMap((tokens) => problemOf(tokens) ?? [])[0] ??
      goesOn(statements) ??
      hiddenProblem(text, statements) ??
      levelProblem(statements),
    // Deferred triggers run at the end.
    needsPath:
      first !== undefined &&
      statements.length === 1 &&
      (isSetConstraints(first) || ['commit', 'end'].includes(wordAt(first, 0))),
    isCall: statements.some((tokens) => ['call', 'do'].includes(wordAt(tokens, 0))),
  }
}

function cut(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [[]]
  for (const token of tokens) {
    if (token.text === ';') statements.push([])
    else statements.at(-1)!.push(token)
  }
  return statements.filter((statement) => statement.length > 0)
}

function wordAt(tokens: readonly Token[], index: number): string {
  return tokens[index]?.type === 'word' ? tokens[index].text : ''
}

function isSetConstraints(tokens: readonly Token[]): boolean {
  return wordAt(tokens, 0) === 'set' && wordAt(tokens, 1) === 'constraints'
}

/** What the tokens do not show, since names in quotes are passed over. */
function hiddenProblem(text: string, statements: readonly (readonly Token[])[]): string | undefined {
  const makes = statements.some((tokens) => wordAt(tokens, 0) === 'create' || includes(tokens, 'into'))
  if (makes && /pg_temp/i.test(text)) return 'what is made in pg_temp stays on a connection that others get'
  if (/u&"/i.test(text)) return 'names that are written as U&"..." hide what a text does'
  if (QUOTED_CALL.test(text)) return 'a function of the session is called by a name in quotes'
  const calls = text.match(/set_config\s*\(/gi)?.length ?? 0
  if (calls > (text.match(/,\s*true\s*\)/gi)?.length ?? 0)) return SETS
  if (statements.some((tokens) => wordAt(tokens, 0) === 'update') && /pg_settings/i.test(text))
    return 'an UPDATE of pg_settings changes a setting for whoever gets the connection next'
  return undefined
}

const QUOTED_CALL = /"(set_config|pg_(try_)?advisory_lock(_shared)?)"/i
/** They come too late behind the look at the schema, which takes the snapshot. */
const LEVELS = ['isolation', 'snapshot', 'deferrable']

function levelProblem(statements: readonly (readonly Token[])[]): string | undefined {
  if (statements.length < 2) return undefined
  const setsLevel = (tokens: readonly Token[]): boolean =>
    ['begin', 'start', 'set'].includes(wordAt(tokens, 0)) && LEVELS.some((word) => includes(tokens, word))
  return statements.some(setsLevel)
    ? 'a text of several statements can not set the level of its transaction behind the switch; run BEGIN by itself'
    : undefined
}

/** The switch in front ends with the transaction: what stands behind would run on whatever path the server has. */
function goesOn(statements: readonly (readonly Token[])[]): string | undefined {
  // BEGIN ATOMIC ... END is the body of a function: so many of the next ENDs are none of a transaction.
  let bodies = statements.flat().filter(({ text }) => text === 'atomic').length
  const isEnd = (tokens: readonly Token[]): boolean => {
    const endsBody = wordAt(tokens, 0) === 'end' && bodies > 0
    if (endsBody) bodies -= 1
    return !endsBody && (ENDS.has(wordAt(tokens, 0)) || isTwoPhase(tokens))
  }
  return statements.slice(0, -1).some(isEnd)
    ? 'a text that ends a transaction, or goes back in it, can not go on behind that'
    : undefined
}

function isTwoPhase(tokens: readonly Token[]): boolean {
  return wordAt(tokens, 0) === 'prepare' && wordAt(tokens, 1) === 'transaction'
}

function problemOf(tokens: readonly Token[]): string | undefined {
  const first = wordAt(tokens, 0)
  if (first === 'set' && !LOCAL_SET.has(wordAt(tokens, 1)))
    return 'SET changes a setting for whoever gets the connection next; say SET LOCAL, in a transaction'
  if (Object.hasOwn(LEFT_BEHIND, first) && !isTwoPhase(tokens)) return LEFT_BEHIND[first]
  if (has(tokens, 'as', 'execute') || (first === 'explain' && includes(tokens, 'execute')))
    return LEFT_BEHIND['execute']
  if (first === 'declare' && has(tokens, 'with', 'hold'))
    return 'a cursor WITH HOLD stays on a connection that others get'
  if (makesTemporary(tokens) && !(has(tokens, 'on', 'commit') && has(tokens, 'commit', 'drop')))
    return 'a temporary table stays on a connection that others get; say ON COMMIT DROP'
  return callProblem(tokens)
}

function makesTemporary(tokens: readonly Token[]): boolean {
  const isTemporary = (index: number): boolean =>
    ['temp', 'temporary'].includes(wordAt(tokens, skip(tokens, index)))
  if (wordAt(tokens, 0) === 'create') return isTemporary(1)
  return tokens.some(
    ({ text }, index) =>
      text === 'into' && !['insert', 'merge'].includes(wordAt(tokens, index - 1)) && isTemporary(index + 1),
  )
}

/** What may stand in front of TEMPORARY. */
const BEFORE_TEMPORARY = new Set(['or', 'replace', 'global', 'local'])

function skip(tokens: readonly Token[], from: number): number {
  let index = from
  while (BEFORE_TEMPORARY.has(wordAt(tokens, index))) index += 1
  return index
}

function includes(tokens: readonly Token[], word: string): boolean {
  return tokens.some(({ type, text }) => type === 'word' && text === word)
}

function has(tokens: readonly Token[], one: string, next: string): boolean {
  return tokens.some((_token, index) => wordAt(tokens, index) === one && wordAt(tokens, index + 1) === next)
}

function callProblem(tokens: readonly Token[]): string | undefined {
  /** Who was called with each parenthesis that is open. */
  const open: string[] = []
  for (const [index, { text }] of tokens.entries()) {
    if (text === '(') {
      const callee = wordAt(tokens, index - 1)
      if (SESSION_LOCKS.has(callee))
        return `${callee}() locks for whoever gets the connection next; call the one with "xact" in its name`
      open.push(callee)
    } else if (text === ')' && open.pop() === 'set_config' && wordAt(tokens, index - 1) !== 'true')
      return SETS
  }
  return open.includes('set_config') ? SETS : undefined
}
