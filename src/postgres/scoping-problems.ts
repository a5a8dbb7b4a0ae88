import { ConfigError } from '../errors'
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

/** Refuses what pg's pool takes and a tenant pool can't. @throws ConfigError */
export function assertConfig(config: object): void {
  const { Client, pipeline } = config as { Client?: unknown; pipeline?: unknown }
  const problems: string[] = []
  if (Client !== undefined)
    problems.push("The option `Client` can't be combined with a tenant pool: it brings its own.")
  if (pipeline)
    problems.push(
      "The option `pipeline` can't be combined with a tenant pool: a failed switch would not stop the query behind it.",
    )
  if (problems.length > 0) throw new ConfigError(problems)
}
