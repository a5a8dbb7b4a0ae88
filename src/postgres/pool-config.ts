import { ConfigError } from '../errors'

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
