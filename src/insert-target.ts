/** What the scanners of both engines tell of a piece of SQL. */
interface SqlToken {
  readonly type: string
  readonly text: string
}

/**
 * Whether a parenthesis behind this token may open the list of columns in INSERT INTO widgets (name), and no call.
 *
 * @param isTarget - the answer for the token before
 */
export function staysTarget(token: SqlToken, previous: SqlToken | undefined, isTarget: boolean): boolean {
  // Behind a dot it is a name.
  if (isInto(token)) return !isDot(previous)
  if (token.type === 'mark') return isTarget && isDot(token)
  return isTarget && (isInto(previous) || isDot(previous))
}

/** INTO as a word of its own. */
export function isInto(token: SqlToken | undefined): boolean {
  return token?.type === 'word' && token.text === 'into'
}

/** The dot of a qualified name. */
export function isDot(token: SqlToken | undefined): boolean {
  return token?.type === 'mark' && token.text === '.'
}
