import ms from 'ms'
import { ConfigError } from '../errors'

/** The end of time for JavaScript; MySQL's clock ends in 2106, or 2038 before MariaDB 11.5 and MySQL 8.0.28. */
const MAX_YEARS = 10

/**
 * Until when the data of a tenant is kept that is dropped now.
 *
 * @param keep - `'30d'`, or milliseconds
 * @throws ConfigError for what is no time, or none between now and in ten years
 */
export function keptUntil(keep: string | number, now = Date.now()): Date {
  const duration = typeof keep === 'number' ? keep : readText(keep)
  if (duration !== undefined && duration > 0 && duration <= ms(`${MAX_YEARS}y`))
    return new Date(now + duration)
  throw new ConfigError([
    `\`keep\` is ${JSON.stringify(keep)} and must be a time of at most ${MAX_YEARS} years: milliseconds, or a text such as "30d", "12h", "2 weeks".`,
  ])
}

function readText(text: string): number | undefined {
  // It throws for an empty text and for one that is too long.
  if (typeof text !== 'string' || text === '' || text.length > 100) return undefined
  return ms(text as ms.StringValue)
}
