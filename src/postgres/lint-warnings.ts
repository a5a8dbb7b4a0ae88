import { NOTES } from '../lint-finding'
import type { LintNote } from '../lint-finding'
import { scanSql } from './sql-scanner'

/** What is known beside a statement. */
export interface LintSurroundings {
  /** Tables that the same file makes: nobody uses them yet. */
  readonly made: ReadonlySet<string>
  /** Tables that any file makes; undefined where a file does not tell before it runs. */
  readonly known: ReadonlySet<string> | undefined
  readonly sharedSchemas: readonly string[]
}

/** A word, a name, or a mark of a statement. */
interface Piece {
  /** Lower case; empty for a name in quotes, which is no keyword. */
  readonly word: string
  /** As an identifier means it. */
  readonly name: string
}

interface Named {
  readonly schema: string | undefined
  readonly name: string
  /** Where what follows begins. */
  readonly next: number
}

/** Functions whose value is another one in each row, so that a default of them is written into all rows at once. */
const VOLATILE = new Set(
  (
    'clock_timestamp gen_random_uuid nextval random statement_timestamp timeofday uuid_generate_v1 uuid_generate_v4 uuidv4 uuidv7 ' +
    'serial bigserial smallserial serial4 serial8'
  ).split(' '),
)
const CONSTRAINTS = new Set('constraint primary unique foreign check exclude not'.split(' '))
const NO_COLUMN = new Set('constraint default not expression identity'.split(' '))

/** The table or view that a statement makes; undefined for any other statement. */
export function tableMadeBy(sql: string): string | undefined {
  const pieces = piecesOf(sql)
  if (pieces[0]?.word !== 'create') return undefined
  const at = pieces.slice(0, 4).findIndex(({ word }) => word === 'table' || word === 'view')
  return at === -1 ? undefined : nameAt(pieces, at + 1).name
}

/** The name that a table gets by a statement; undefined where none does. */
export function tableRenamedBy(sql: string): string | undefined {
  const pieces = piecesOf(sql)
  const at = pieces.findIndex(({ word }, index) => word === 'rename' && pieces[index + 1]?.word === 'to')
  return pieces[0]?.word === 'alter' && at !== -1 ? pieces[at + 2]?.name : undefined
}

/** What is to be thought of before a statement is run in each tenant. Sees neither into strings nor into the bodies of functions. */
export function warningsOf(sql: string, surroundings: LintSurroundings): readonly LintNote[] {
  const pieces = piecesOf(sql)
  const [verb, second, third] = pieces.map(({ word }) => word)
  const notes = [...referencesIn(pieces, surroundings)]
  if (verb === 'create') notes.push(...createNotes(pieces, surroundings))
  else if (verb === 'drop' && second === 'table') {
    const { name } = nameAt(pieces, 2)
    if (!surroundings.made.has(name)) notes.push(NOTES.dropTable(name))
  } else if (verb === 'alter' && (second === 'table' || (second === 'foreign' && third === 'table')))
    notes.push(...alterNotes(pieces, surroundings))
  else if (verb === 'alter' && second === 'type' && hasPair(pieces, 'add', 'value'))
    notes.push({
      code: 'enum-value',
      reason:
        'A value of an enum can be used only once its transaction is over, so no other migration of the same run may use it; and it can never be dropped.',
      cure: 'Use it in a migration of a later run, or say pgm.noTransaction() in this file.',
    })
  return notes
}

function createNotes(pieces: readonly Piece[], { made }: LintSurroundings): LintNote[] {
  const head = pieces.slice(0, 5).map(({ word }) => word)
  if (head.some((word) => word === 'function' || word === 'procedure') && !head.includes('trigger')) {
    const isSafe = hasPair(pieces, 'set', 'search_path') || hasPair(pieces, 'begin', 'atomic')
    return isSafe ? [] : [FUNCTION]
  }
  const on = pieces.findIndex(({ word }) => word === 'on')
  if (!head.slice(0, 3).includes('index') || on === -1 || head.includes('concurrently')) return []
  const { name } = nameAt(pieces, on + 1)
  return made.has(name) ? [] : [indexNote(name)]
}

const FUNCTION: LintNote = {
  code: 'function-search-path',
  reason:
    'The function finds the names in its body by the search_path of whoever calls it: called across tenants, it works on the ' +
    'tables of the caller.',
  cure: 'Add SET search_path FROM CURRENT, or write the body as BEGIN ATOMIC ... END.',
}

function indexNote(name: string): LintNote {
  return {
    code: 'index-blocks-writes',
    reason: `Nobody can write to the table ${name} while the index is made.`,
    cure: 'CREATE INDEX CONCURRENTLY in a file of its own with pgm.noTransaction(), if the table is large anywhere.',
  }
}

function alterNotes(pieces: readonly Piece[], { made }: LintSurroundings): LintNote[] {
  const start = pieces.findIndex(({ word }) => word === 'table') + 1
  const { name: table, next } = nameAt(pieces, start)
  if (made.has(table)) return []
  return actionsOf(pieces, next).flatMap((action) => {
    const [verb, second] = action.map(({ word }) => word)
    if (verb === 'add') return CONSTRAINTS.has(second ?? '') ? [] : addNotes(action)
    if (verb === 'rename') return second === 'constraint' ? [] : [NOTES.rename(table)]
    if (verb === 'drop') return NO_COLUMN.has(second ?? '') ? [] : [NOTES.dropColumn(columnIn(action))]
    return setsType(action) ? [typeNote(columnIn(action))] : []
  })
}

function addNotes(action: readonly Piece[]): LintNote[] {
  const words = action.slice(2).map(({ word }) => word)
  const column = columnIn(action)
  const isFilled = words.some((word) => word === 'default' || word === 'generated' || VOLATILE.has(word))
  const isRewritten =
    words.some((word) => VOLATILE.has(word)) || (words.includes('generated') && !words.includes('virtual'))
  const notes: LintNote[] = []
  if (hasPair(action, 'not', 'null') && !isFilled)
    notes.push({
      code: 'not-null-without-default',
      reason: `The column ${column} may not be null and has no default: this fails in each tenant that has rows, and so do inserts of instances that do not know it.`,
      cure: 'Give it a default, or add it without NOT NULL, fill it, and say SET NOT NULL with a later release.',
    })
  if (isRewritten)
    notes.push({
      code: 'table-rewrite',
      reason: `The column ${column} has another value in each row, so all of the table is written anew, and nobody can read it meanwhile.`,
      cure: 'Add the column without it, say SET DEFAULT, and fill the rows in steps.',
    })
  return notes
}

function typeNote(column: string): LintNote {
  return {
    code: 'column-type',
    reason: `The column ${column} gets another type: mostly all of the table is written anew, and nobody can read it meanwhile.`,
    cure: 'Add a column of the new type, write both, fill it in steps, and drop the old one with a later release.',
  }
}

function* referencesIn(
  pieces: readonly Piece[],
  { known, sharedSchemas }: LintSurroundings,
): Generator<LintNote> {
  if (pieces[1]?.word !== 'table' && pieces[2]?.word !== 'table') return
  for (const [at, { word }] of pieces.entries()) {
    if (word !== 'references') continue
    const { schema, name } = nameAt(pieces, at + 1)
    const isShared =
      schema === undefined && sharedSchemas.length > 0 && known !== undefined && !known.has(name)
    if (schema !== undefined) yield NOTES.sharedReference(`${schema}.${name}`)
    else if (isShared) yield NOTES.sharedReference(name)
  }
}

/** The parts of ALTER TABLE, each from its verb on. */
function actionsOf(pieces: readonly Piece[], from: number): readonly (readonly Piece[])[] {
  const actions: Piece[][] = []
  let depth = 0
  for (const [at, piece] of pieces.entries()) {
    if (at < from) continue
    if (piece.name === '(') depth += 1
    if (piece.name === ')') depth -= 1
    // ALTER COLUMN a DROP DEFAULT is one action.
    const isVerb =
      depth === 0 &&
      /^(add|drop|alter|rename)$/.test(piece.word) &&
      !(piece.word === 'drop' && NO_COLUMN.has(pieces[at + 1]?.word ?? ''))
    if (isVerb) actions.push([piece])
    else actions.at(-1)?.push(piece)
  }
  return actions
}

/** ALTER a TYPE, or ALTER a SET DATA TYPE; a column may be called so, too. */
function setsType(action: readonly Piece[]): boolean {
  const [first, second, third] = action.slice(columnAt(action).next).map(({ word }) => word)
  return first === 'type' || (first === 'set' && second === 'data' && third === 'type')
}

function columnIn(action: readonly Piece[]): string {
  return columnAt(action).name
}

/** The column behind ADD, DROP or ALTER. */
function columnAt(action: readonly Piece[]): Named {
  return nameAt(action, action[1]?.word === 'column' ? 2 : 1)
}

function nameAt(pieces: readonly Piece[], from: number): Named {
  let at = from
  while (/^(if|not|exists|only|concurrently)$/.test(pieces[at]?.word ?? '')) at += 1
  const isQualified = pieces[at + 1]?.name === '.' && pieces[at + 1]?.word === ''
  return isQualified
    ? { schema: pieces[at]!.name, name: pieces[at + 2]?.name ?? '', next: at + 3 }
    : { schema: undefined, name: pieces[at]?.name ?? '', next: at + 1 }
}

function hasPair(pieces: readonly Piece[], first: string, second: string): boolean {
  return pieces.some(({ word }, at) => word === first && pieces[at + 1]?.word === second)
}

function piecesOf(sql: string): readonly Piece[] {
  return [...scanSql(sql)].map(({ type, text, at, end }) => {
    if (type === 'word') return { word: text, name: text }
    return {
      word: '',
      name:
        type === 'mark'
          ? text
          : sql
              .slice(at + 1, end - 1)
              .split('""')
              .join('"'),
    }
  })
}
