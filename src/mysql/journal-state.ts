import { crc32 } from 'node:zlib'
import type { JournalEntry } from './journal'
import { sha256Of, tableIn } from './sql'

/** Books that every tenant without a journal has. */
export const NO_JOURNAL = 'none'

/** In front of the state of a journal that lacks a column. */
export const OLD_JOURNAL = 'old '

/** Whether a journal must be made, or mended, before something is written to it. */
export function needsMending(state: string): boolean {
  return state === NO_JOURNAL || state.startsWith(OLD_JOURNAL)
}

/** What a server says of a journal. */
export interface JournalDigest {
  /** As {@link digestOf} makes it. */
  readonly digest: string
  readonly hasUnfinished: boolean
}

/** A migration in a digest; no two parts can be taken for each other, since only the name may have a blank. */
const PIECE = "concat_ws(' ', own.run_order, own.checksum, own.direction, own.name)"
/**
 * Sums of two checksums, 64 bits together: a text of all names, sorted and hashed, took the server longer than to open the
 * table (1,000 journals of ten migrations: 120 ms of 145, against 45). That the column `last_id` is asked for tells a journal
 * of ours that is to be mended.
 */
const DIGEST = `concat_ws(' ', coalesce(sum(own.state <> 'applied' or own.last_id is not null), 0),
  count(*), coalesce(sum(crc32(${PIECE})), 0), coalesce(sum(crc32(reverse(${PIECE}))), 0))`

/** The query that digests one journal, for {@link readDigest}: one row, whose last column it is; the others come first. */
export function selectDigest(schema: string, table: string, others = ''): string {
  return `select ${others}${DIGEST} as digest from ${tableIn(schema, table)} as own where own.number = 0`
}

/** Reads what {@link selectDigest} has selected. */
export function readDigest(text: string): JournalDigest {
  const [unfinished, ...digest] = text.split(' ')
  return { digest: digest.join(' '), hasUnfinished: Number(unfinished) !== 0 }
}

/** What the server makes of a journal with these migrations, all of them applied. */
export function digestOf(entries: readonly JournalEntry[]): string {
  const pieces = entries.map(({ runOrder, checksum, direction, name }) =>
    [runOrder, checksum, direction, name].filter((part) => part !== null).join(' '),
  )
  const sum = (texts: readonly string[]): number => texts.reduce((total, text) => total + crc32(text), 0)
  return [pieces.length, sum(pieces), sum(pieces.map((text) => Array.from(text).reverse().join('')))].join(
    ' ',
  )
}

/** The state of applied migrations, in their order, whatever numbers that order has. */
export function stateOf(entries: readonly JournalEntry[]): string {
  const pieces = entries.map(
    ({ name, checksum, direction }) => `${Buffer.byteLength(name)}:${name} ${checksum} ${direction}`,
  )
  return `${entries.length} ${sha256Of(pieces.join(','))}`
}
