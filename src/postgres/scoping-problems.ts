import type { ScopingOptions } from './pool'

/** What is wrong with the options of scoping, a sentence each. */
export function scopingProblems({
  sharedSchemas = [],
  hygiene = 'auto',
  pooler = 'none',
}: Pick<ScopingOptions, 'sharedSchemas' | 'hygiene' | 'pooler'>): string[] {
  const problems: string[] = []
  for (const schema of sharedSchemas) {
    if (typeof schema !== 'string' || schema === '' || schema === '$user' || schema.startsWith('pg_')) {
      problems.push(
        `The option \`sharedSchemas\` can't hold ${JSON.stringify(schema)}: name the schemas one by one.`,
      )
    }
  }
  if (!['strict', 'auto', 'fast'].includes(hygiene))
    problems.push('The option `hygiene` is "strict", "auto" or "fast".')
  if (!['none', 'session'].includes(pooler)) problems.push('The option `pooler` is "none" or "session".')
  return problems
}
