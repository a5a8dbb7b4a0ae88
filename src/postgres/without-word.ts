import { scanSql } from './sql-scanner'

/** A text without a keyword: of `create index concurrently`, what a transaction can do. */
export function withoutWord(text: string, word: string): string {
  let result = ''
  let from = 0
  for (const token of scanSql(text)) {
    if (token.type !== 'word' || token.text !== word) continue
    result += text.slice(from, token.at)
    from = token.end
  }
  return result + text.slice(from)
}
