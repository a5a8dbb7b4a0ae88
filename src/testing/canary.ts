import { randomInt } from 'node:crypto'

const LETTERS = 8
const CANARY = new RegExp(`canary[a-z]{${LETTERS}}(?:n(\\d+)e)?`, 'g')

/** A canary that was seen. */
export interface Sighting {
  /** `canaryqwertyui`, without a number. */
  readonly canary: string
  /** Number of the request that carried it, where it had one. */
  readonly request: number | undefined
}

/**
 * A text that nothing else holds, `canaryqwertyui`: letters only, so that JSON, HTML, URLs and SQL leave it as it is. Not
 * from the seed of a run: what an earlier run has left must not be taken for this one's.
 */
export function makeCanary(): string {
  const letter = (): string => String.fromCharCode(97 + randomInt(26))
  return `canary${Array.from({ length: LETTERS }, letter).join('')}`
}

/** The canary of a tenant as one request carries it, `canaryqwertyuin12e`, so that a row tells which one wrote it. */
export function numbered(canary: string, request: number): string {
  return `${canary}n${request}e`
}

/** Every canary in a text, in its order, whatever an application did to upper and lower case. */
export function sightings(text: string): Sighting[] {
  return [...text.toLowerCase().matchAll(CANARY)].map(([found, number]) => ({
    canary: found.slice(0, 'canary'.length + LETTERS),
    request: number === undefined ? undefined : Number(number),
  }))
}

/** The text with canaries as if no request had a number, so that two answers can be compared. */
export function unnumbered(text: string): string {
  return text.replace(CANARY, (found) => found.slice(0, 'canary'.length + LETTERS))
}
