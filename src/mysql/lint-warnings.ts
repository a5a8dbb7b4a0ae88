import { NOTES } from '../lint-finding'
import type { LintNote } from '../lint-finding'
import type { Token } from './migration-scanner'
import { depthsOf, keywordAt, lower, qualifierAt, shapeOf, tableOf } from './migration-shape'

const NO_COLUMN = new Set(
  'constraint index key primary foreign check partition default unique fulltext'.split(' '),
)
const NOT_ADDED = new Set([...NO_COLUMN, 'spatial', 'period', 'system'])
/** What gives a column a value in rows that do not name it. */
const FILLS = new Set('default generated as auto_increment serial'.split(' '))

/** The table that a statement makes; undefined for any other statement. */
export function tableMadeBy(sql: string): string | undefined {
  return shapeOf(sql).verb === 'create' && shapeOf(sql).object === 'table' ? tableOf(sql, '') : undefined
}

/**
 * What is to be thought of before a statement is run in each tenant. Sees neither into strings nor into the bodies of routines.
 *
 * @param made - tables that the same file makes: nobody uses them yet
 */
export function warningsOf(sql: string, made: ReadonlySet<string>): readonly LintNote[] {
  const { verb, object, tokens } = shapeOf(sql)
  const table = tableOf(sql, '') ?? '(see the statement)'
  if (object === 'tables' || object !== 'table') return []
  const notes = [...referencesIn(tokens)]
  if (made.has(table)) return notes
  if (verb === 'drop') notes.push(NOTES.dropTable(table))
  if (verb === 'rename') notes.push(NOTES.rename(nameOf(tokens[2])))
  if (verb === 'alter') for (const action of actionsOf(tokens)) notes.push(...actionNotes(action, table))
  return notes
}

function actionNotes(action: readonly Token[], table: string): LintNote[] {
  const [verb, second] = action.map(lower)
  const column = columnIn(action)
  if (verb === 'drop' && !NO_COLUMN.has(second ?? '')) return [NOTES.dropColumn(column)]
  if (verb === 'rename' && !/^(index|key|constraint)$/.test(second ?? '')) return [NOTES.rename(table)]
  if (verb === 'change' && nameOf(action[second === 'column' ? 3 : 2]) !== column)
    return [NOTES.rename(table)]
  if (verb !== 'add' || NOT_ADDED.has(second ?? '')) return []
  const words = action.slice(2).map(lower)
  const isNotNull = words.some((word, at) => word === 'not' && words[at + 1] === 'null')
  if (!isNotNull || words.some((word) => FILLS.has(word))) return []
  return [
    {
      code: 'not-null-without-default',
      reason:
        `The column ${column} may not be null and has no default: rows that are there get 0 or an empty text, and inserts of ` +
        'instances that do not know it fail.',
      cure: 'Give it a default, or add it without NOT NULL, fill it, and say NOT NULL with a later release.',
    },
  ]
}

function* referencesIn(tokens: readonly Token[]): Generator<LintNote> {
  for (const at of tokens.keys()) {
    if (keywordAt(tokens, at) !== 'references') continue
    const schema = qualifierAt(tokens, at + 1)
    if (schema !== undefined) yield NOTES.sharedReference(`${schema}.${nameOf(tokens[at + 3])}`)
  }
}

/** The parts of ALTER TABLE, each from its verb on. */
function actionsOf(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const depths = depthsOf(tokens)
  const first = tokens.findIndex(
    (token) => /^(add|drop|rename|change|modify|alter)$/.test(lower(token)) && token !== tokens[0],
  )
  if (first === -1) return []
  const actions: Token[][] = [[]]
  for (const [at, token] of tokens.entries()) {
    if (at < first) continue
    if (depths[at] === 0 && lower(token) === ',') actions.push([])
    else actions.at(-1)!.push(token)
  }
  return actions
}

/** The column behind ADD, DROP or CHANGE. */
function columnIn(action: readonly Token[]): string {
  let at = lower(action[1]) === 'column' ? 2 : 1
  while (/^(if|not|exists)$/.test(lower(action[at]))) at += 1
  return nameOf(action[at])
}

function nameOf(token: Token | undefined): string {
  return token?.text ?? ''
}
