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
  /** As {@link stateOf} makes it; undefined where the text could have been too long for the server to hash all of it. */
  readonly state: string | undefined
  readonly hasUnfinished: boolean
}

const PIECE = "concat(length(own.name), ':', own.name, ' ', own.checksum, ' ', own.direction)"
/** The longest piece there can be, in bytes, and more: by its number of rows it is known that a text can't be cut. */
const MAX_PIECE = 1200
/** That the column `last_id` is asked for tells a journal of ours that is to be mended. */
const DIGEST = `concat_ws(' ', coalesce(sum(own.state <> 'applied' or own.last_id is not null), 0),
  if(count(*) * ${MAX_PIECE} < least(@@group_concat_max_len, @@max_allowed_packet),
     concat_ws(' ', count(*),
       sha2(coalesce(group_concat(${PIECE} order by own.run_order, own.version, own.name separator ','), ''), 256)),
     null))`

/** The query that digests one journal, for {@link readDigest}: one value. */
export function selectDigest(schema: string, table: string): string {
  return `select ${DIGEST} as digest from ${tableIn(schema, table)} as own where own.number = 0`
}

/** Reads what {@link selectDigest} has selected. */
export function readDigest(digest: string): JournalDigest {
  const [unfinished, ...state] = digest.split(' ')
  return { state: state.length === 0 ? undefined : state.join(' '), hasUnfinished: Number(unfinished) !== 0 }
}

/** The state of applied migrations, in their order: the server makes the same text of the same journal. */
export function stateOf(entries: readonly JournalEntry[]): string {
  const pieces = entries.map(
    ({ name, checksum, direction }) => `${Buffer.byteLength(name)}:${name} ${checksum} ${direction}`,
  )
  return `${entries.length} ${sha256Of(pieces.join(','))}`
}
