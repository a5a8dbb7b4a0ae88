import { rememberedByText } from '../by-text'
import { ESCAPED_QUOTES, scanSql } from './sql-scanner'
import type { Token } from './sql-scanner'
import { isHidden, setsRole } from './unclearable'

/** Without one of these words, however it is cut into tokens, a text neither takes a role nor runs another text. */
const SUSPECT = /role|immediate|prepare/i
const BEYOND_ASCII = /[^\0-\x7f]/

/**
 * Whether a text takes a role, or may do so by dynamic SQL whose text is not all there. Errs to the safe side where it depends
 * on a setting how the server reads the text. It does not see what a procedure or a function does.
 */
export const takesRole = rememberedByText((text) => {
  if (!SUSPECT.test(text)) return false
  // In some character sets (gbk) a letter beyond ASCII makes the backslash or the quote behind it a part of itself.
  if (BEYOND_ASCII.test(text) && /[\\`]/.test(text)) return true
  const readings = text.includes('\\') ? ESCAPED_QUOTES : ESCAPED_QUOTES.slice(0, 1)
  return readings.some((escaped) => takesRoleIn(text, escaped))
})

function takesRoleIn(text: string, escaped: string): boolean {
  let isDoubtful = false
  const tokens: readonly Token[] = [...scanSql(text, { escaped, onDoubt: () => (isDoubtful = true) })]
  return isDoubtful || tokens.some((_, place) => setsRole(tokens, place) || isHidden(text, tokens, place))
}
