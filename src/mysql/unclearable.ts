import { rememberedByText } from '../by-text'
import { scanSql } from './sql-scanner'

/**
 * Whether a text sets what COM_RESET_CONNECTION leaves as it is (measured, MariaDB 10.11): the role, and the profiles of
 * statements. A connection with either is closed instead. It does not see a SET in a procedure.
 */
export const isUnclearable = rememberedByText((text) => {
  let before = ''
  for (const { text: name } of scanSql(text)) {
    if ((name === 'role' && before === 'set') || name.endsWith('profiling')) return true
    before = name
  }
  return false
})
