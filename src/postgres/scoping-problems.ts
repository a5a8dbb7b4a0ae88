import type { ScopingOptions } from './scoping-options'

const MAX_NAME_BYTES = 63

/** What is wrong with the options of scoping, a sentence each. */
export function scopingProblems({
  sharedSchemas = [],
  hygiene,
  pooler = 'none',
  mode = 'session',
  isolation = 'schema',
}: Pick<ScopingOptions, 'sharedSchemas' | 'hygiene' | 'pooler' | 'mode' | 'isolation'>): string[] {
  const problems: string[] = []
  for (const schema of sharedSchemas) {
    if (typeof schema !== 'string' || schema === '' || schema === '$user' || schema.startsWith('pg_')) {
      problems.push(
        `The option \`sharedSchemas\` can't hold ${JSON.stringify(schema)}: name the schemas one by one.`,
      )
    }
    // The server cuts a longer one wherever it is a name, and not where it is compared with one.
    if (typeof schema === 'string' && Buffer.byteLength(schema) > MAX_NAME_BYTES)
      problems.push(
        `The option \`sharedSchemas\` has ${JSON.stringify(schema)}, which is longer than a name can be (${MAX_NAME_BYTES} bytes).`,
      )
  }
  if (hygiene !== undefined && !['strict', 'auto', 'fast'].includes(hygiene))
    problems.push('The option `hygiene` is "strict", "auto" or "fast".')
  if (!['none', 'session'].includes(pooler)) problems.push('The option `pooler` is "none" or "session".')
  if (!['session', 'local'].includes(mode)) problems.push('The option `mode` is "session" or "local".')
  if (!['schema', 'role'].includes(isolation)) problems.push('The option `isolation` is "schema" or "role".')
  if (mode === 'local' && isolation === 'role')
    problems.push(
      'The option `isolation: "role"` keeps a role from one statement to the next, which `mode: "local"` can not.',
    )
  if (mode === 'local' && hygiene !== undefined)
    problems.push(
      'The option `hygiene` has no meaning with `mode: "local"`, where nothing is left in a session.',
    )
  if (mode === 'local' && pooler !== 'none')
    problems.push(
      'The option `pooler` declares a pooler of sessions, behind which `mode` must not be "local".',
    )
  return problems
}
