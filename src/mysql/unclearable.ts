import { rememberedByText } from '../by-text'
import { scanSql } from './sql-scanner'
import type { Token } from './sql-scanner'

/**
 * Whether a text sets what COM_RESET_CONNECTION leaves as it is (measured, MariaDB 10.11): the role, and the profiles of
 * statements; or may do so, by dynamic SQL whose text is not all there. A connection with either is closed instead. It does
 * not see a SET in a procedure.
 */
export const isUnclearable = rememberedByText((text) => {
  const tokens = [...scanSql(text)]
  return tokens.some(
    ({ text: name }, place) =>
      setsRole(tokens, place) || name.endsWith('profiling') || isHidden(text, tokens, place),
  )
})

/** Whether a role is taken here: `SET ROLE admin`, `SET @a = 1, ROLE admin`, `SET @a = 1, DEFAULT ROLE admin`. */
export function setsRole(tokens: readonly Token[], place: number): boolean {
  const next = textAt(tokens, place + 1)
  // A column or a variable of that name is given a value.
  if (textAt(tokens, place) !== 'role' || next === '=' || next === ':=') return false
  const begin = textAt(tokens, place - 1) === 'default' ? place - 1 : place
  const before = textAt(tokens, begin - 1)
  return before === 'set' || (before === ',' && isInSet(tokens, begin))
}

function isInSet(tokens: readonly Token[], place: number): boolean {
  const names = tokens.slice(0, place).map(({ text }) => text)
  return names.lastIndexOf('set') > names.lastIndexOf(';')
}

/** Whether dynamic SQL begins here, EXECUTE IMMEDIATE or PREPARE ... FROM, whose text is not all there or has the words. */
export function isHidden(text: string, tokens: readonly Token[], place: number): boolean {
  return isBeforeDynamicSql(tokens, place) && !isHarmless(text, tokens, place + 1)
}

function isBeforeDynamicSql(tokens: readonly Token[], place: number): boolean {
  const name = textAt(tokens, place)
  return (
    (name === 'immediate' && textAt(tokens, place - 1) === 'execute') ||
    (name === 'from' && textAt(tokens, place - 2) === 'prepare')
  )
}

/** Whether what is executed stands here in one piece, and has none of the words. */
function isHarmless(text: string, tokens: readonly Token[], place: number): boolean {
  const [literal, next] = [tokens[place], tokens[place + 1]]
  if (literal?.type !== 'string' || (next !== undefined && next.text !== ';' && next.text !== 'using'))
    return false
  return !/role|profiling|immediate|prepare|\\/i.test(text.slice(literal.at, literal.end))
}

function textAt(tokens: readonly Token[], place: number): string | undefined {
  return tokens[place]?.text
}
