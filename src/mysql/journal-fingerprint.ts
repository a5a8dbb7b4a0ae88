import type { Surroundings } from './migration-kinds'
import type { MigrationSession } from './migration-session'
import { scanSql } from './migration-scanner'
import { shapeOf } from './migration-shape'
import { COUNT_TABLES, quoteName, sha256Of } from './sql'

/** What a tenant's database holds, in a form that can be compared. */
export interface Fingerprint {
  /** Version of the server and hash of all texts; another version may write the same definition differently. */
  readonly digest: string
  readonly surroundings: Surroundings
}

interface Named {
  readonly kind: string
  readonly name: string
  readonly engine: string | null
}

/** What a fingerprint is of. */
export interface FingerprintOptions {
  readonly schema: string
  /** Tables of ours, which change on their own. */
  readonly except: readonly string[]
  /** Events come and go by themselves (ON COMPLETION NOT PRESERVE), so they count only where a statement is about one. */
  readonly withEvents: boolean
}

/**
 * Texts of SHOW CREATE within one run, which holds the tenant's lock. A CREATE changes only what it names; after anything
 * else all is read again, since a text can change from afar (a renamed column shows in the references of other tables).
 */
export class KnownTexts {
  readonly #texts = new Map<string, string>()

  /** A statement was sent that may have changed definitions. */
  forget(sql: string): void {
    const { verb, words } = shapeOf(sql)
    if (verb !== 'create' || words[1] === 'or') return this.#texts.clear()
    const named = new Set([...scanSql(sql)].map(({ text }) => text.toLowerCase()))
    for (const key of this.#texts.keys()) {
      if (named.has(key.slice(key.indexOf(' ') + 1).toLowerCase())) this.#texts.delete(key)
    }
  }

  /** The text of one object. A view is read each time: what it stands on can change it. */
  async read({ kind, name, engine }: Named, show: () => Promise<string>): Promise<string> {
    const key = `${kind} ${name}`
    const text = this.#texts.get(key) ?? (await show())
    if (engine !== 'view') this.#texts.set(key, text)
    return text
  }
}

/**
 * What says nothing of a definition: a lock that was not to be had, a deadlock, a statement that was ended. By number: mysql2
 * has no name for the statement timeout of MariaDB, 1969.
 */
const NO_ANSWER = new Set([1205, 1213, 1317, 1969, 3024])
const TABLES = `
  select 'table' as kind, table_name as name, if(table_type like '%VIEW%', 'view', engine) as engine
    from information_schema.tables where table_schema = ?`
const LISTING = `${TABLES}
  union all select lower(routine_type), routine_name, null from information_schema.routines where routine_schema = ?
  union all select 'event', event_name, null from information_schema.events where event_schema = ?`

/** Reads enough to know what a statement could touch. Triggers and views matter beside a table that is not InnoDB's. */
export async function readSurroundings(session: MigrationSession, schema: string): Promise<Surroundings> {
  const tables = surroundingsOf(session, await session.rows<Named>(TABLES, [schema]))
  return tables.otherTables.length === 0 ? tables : surroundingsOf(session, await list(session, schema))
}

/** The same for one table, of a statement that shows there whatever else it changes. */
export async function takeTableFingerprint(
  session: MigrationSession,
  known: KnownTexts,
  table: string,
): Promise<string> {
  const one = { kind: 'table', name: table, engine: null }
  const text = await known.read(one, () => showCreate(session, one))
  return `${session.facts.version} table:${table} ${sha256Of(text)}`
}

/** What a fingerprint begins with that only tells whether a table is there; behind it the number of such tables, 0 or 1. */
export function existencePrefix({ facts }: MigrationSession, table: string): string {
  return `${facts.version} is:${table} `
}

/** Takes a fingerprint of one table anew; undefined for one of all. */
export async function takeAgain(
  session: MigrationSession,
  known: KnownTexts,
  { schema, fingerprint }: { readonly schema: string; readonly fingerprint: string },
): Promise<string | undefined> {
  const [, how, table] = /^\S+ (is|table):(.*) [0-9a-f]+$/s.exec(fingerprint) ?? []
  if (table === undefined) return undefined
  if (how === 'table') return takeTableFingerprint(session, known, table)
  const [row] = await session.rows<{ found: number }>(`select (${COUNT_TABLES}) as found`, [schema, table])
  return `${existencePrefix(session, table)}${row!.found}`
}

/** Hashes the texts of SHOW CREATE of everything in the current database. */
export async function takeFingerprint(
  session: MigrationSession,
  known: KnownTexts,
  { schema, except, withEvents }: FingerprintOptions,
): Promise<Fingerprint> {
  const all = await list(session, schema)
  const counted = all.filter(({ kind, name }) => !except.includes(name) && (withEvents || kind !== 'event'))
  const texts: string[] = []
  for (const one of counted) {
    const text = await known.read(one, () => showCreate(session, one))
    texts.push(`${one.kind} ${one.name}\n${text}`)
  }
  texts.sort()
  return {
    digest: `${session.facts.version} ${sha256Of(texts.join('\0'))}`,
    surroundings: surroundingsOf(session, all),
  }
}

/**
 * Whether the definitions have changed between two fingerprints.
 *
 * @returns undefined where the server's version has, too: then it can't be said
 */
export function hasChanged(before: string, after: string): boolean | undefined {
  const [one, other] = [before, after].map((digest) => {
    const at = digest.lastIndexOf(' ')
    return { version: digest.slice(0, at), hash: digest.slice(at) }
  })
  return one!.version === other!.version ? one!.hash !== other!.hash : undefined
}

async function list(session: MigrationSession, schema: string): Promise<readonly Named[]> {
  const most = await session.rows<Named>(LISTING, [schema, schema, schema])
  // MariaDB 10.11 took 4.7 ms to read the same from information_schema, which looks into every database, and 0.65 ms for this.
  const triggers = await session.rows<{ Trigger: string }>(`show triggers from ${quoteName(schema)}`)
  return [...most, ...triggers.map(({ Trigger: name }) => ({ kind: 'trigger', name, engine: null }))]
}

function surroundingsOf({ facts }: MigrationSession, all: readonly Named[]): Surroundings {
  const tables = all.filter(({ kind, engine }) => kind === 'table' && engine !== null && engine !== 'view')
  return {
    tables: all.filter(({ kind }) => kind === 'table').map(({ name }) => name),
    hasAtomicDdl: facts.hasAtomicDdl,
    otherTables: tables
      .filter(({ engine }) => engine!.toLowerCase() !== 'innodb')
      .map(({ name }) => name.toLowerCase()),
    hasHiddenWrites: all.some(({ kind, engine }) => kind === 'trigger' || engine === 'view'),
  }
}

/** The definition of one object. What can't be shown (a view of a table that is gone) is told apart by its error. */
async function showCreate(session: MigrationSession, { kind, name }: Named): Promise<string> {
  try {
    const [row = {}] = await session.rows<Record<string, unknown>>(`show create ${kind} ${quoteName(name)}`)
    const text = Object.entries(row)
      .filter(([column]) => /^create |original statement/i.test(column))
      .map(([, value]) => String(value))
      .join('\n')
    // The next number of a table changes with every row.
    return text.replace(/ AUTO_INCREMENT=\d+/g, '')
  } catch (error) {
    const { code, errno = 0 } = error as { code?: string; errno?: number }
    if (!session.isUsable || NO_ANSWER.has(errno)) throw error
    return String(code)
  }
}
