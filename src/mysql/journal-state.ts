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

/**
 * A sum of what is in the rows. A product of two checksums for each, so that no two rows can change what they have for each
 * other; two journals that differ would be taken for the same once in four billion times. For 1,000 tenants with ten migrations
 * each the server took 35 ms longer than to look at the tables, where two checksums in words took 90 (MariaDB 10.11). That the
 * column `last_id` is asked for tells a journal of ours that is to be mended.
 */
const DIGEST = `bit_xor(crc32(concat_ws(' ', checksum, state, direction, last_id, run_order, name)) * (crc32(name) + 1))`

/**
 * The query that digests one journal, in one row: the columns of `before`, the digest, and those of `behind`. It has more than
 * 53 bits, and is a text in a UNION with texts.
 */
export function selectDigest(
  schema: string,
  table: string,
  { before = '', behind = '' }: { readonly before?: string; readonly behind?: string } = {},
): string {
  return `select ${before}${DIGEST}${behind} from ${tableIn(schema, table)}`
}

/** What the server makes of a journal with these migrations, all of them applied, and without one that is not. */
export function digestOf(entries: readonly JournalEntry[]): string {
  const sum = entries.reduce((total, { name, checksum, direction, runOrder }) => {
    const piece = [checksum, 'applied', direction, runOrder, name].filter((part) => part !== null)
    return total ^ (BigInt(crc32(piece.join(' '))) * BigInt(crc32(name) + 1))
  }, 0n)
  return String(sum)
}

/** The state of applied migrations, in their order, whatever numbers that order has. */
export function stateOf(entries: readonly JournalEntry[]): string {
  const pieces = entries.map(
    ({ name, checksum, direction }) => `${Buffer.byteLength(name)}:${name} ${checksum} ${direction}`,
  )
  return `${entries.length} ${sha256Of(pieces.join(','))}`
}
