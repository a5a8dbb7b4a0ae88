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
      (name === 'role' && textAt(tokens, place - 1) === 'set') ||
      name.endsWith('profiling') ||
      (isBeforeDynamicSql(tokens, place) && !isHarmless(text, tokens, place + 1)),
  )
})

/** EXECUTE IMMEDIATE, or PREPARE ... FROM. */
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
  return !/role|profiling|\\/i.test(text.slice(literal.at, literal.end))
}

function textAt(tokens: readonly Token[], place: number): string | undefined {
  return tokens[place]?.text
}
