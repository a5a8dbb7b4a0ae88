import { depthsOf, lower, shapeOf } from './migration-shape'
import type { StatementShape } from './migration-shape'

/**
 * How sure it can be, after a crash, whether a statement took effect.
 *
 * | kind | examples | after a crash |
 * |---|---|---|
 * | `read` | SELECT, SHOW | nothing happened |
 * | `write` | INSERT, UPDATE, DELETE | its journal row is in the same transaction |
 * | `ddl` | CREATE TABLE, ALTER TABLE | the texts of SHOW CREATE have changed, or not |
 * | `session` | SET foreign_key_checks = 0 | gone with the session: set again |
 * | `unsure` | CALL, TRUNCATE, CREATE OR REPLACE TABLE | a person must look |
 */
export type StatementKind = 'read' | 'write' | 'ddl' | 'session' | 'unsure'

/** What the tenant holds that a statement's text does not tell. */
export interface Surroundings {
  /** Names of all tables and views. */
  readonly tables: readonly string[]
  /** The server does DDL as a whole or not at all: MySQL 8.0, MariaDB 10.6. */
  readonly hasAtomicDdl: boolean
  /** Names of tables that are not InnoDB's, lower case. */
  readonly otherTables: readonly string[]
  /** Views and triggers could write to such a table without being named after it. */
  readonly hasHiddenWrites: boolean
}

/** Nothing but InnoDB. */
const PLAIN_SURROUNDINGS: Surroundings = {
  tables: [],
  hasAtomicDdl: true,
  otherTables: [],
  hasHiddenWrites: false,
}

const READ = new Set('select values table show desc describe explain'.split(' '))
const WRITE = new Set('insert update delete replace do load'.split(' '))

/** Tells the kind of a statement that the lint let through. */
export function kindOf(sql: string, surroundings: Surroundings = PLAIN_SURROUNDINGS): StatementKind {
  const shape = shapeOf(sql)
  if (shape.verb === 'set') return 'session'
  if (isRead(shape)) return 'read'
  if (touchesOther(shape, surroundings)) return 'unsure'
  if (WRITE.has(shape.verb) || shape.verb === 'with') return 'write'
  return isSureDdl(shape) && surroundings.hasAtomicDdl ? 'ddl' : 'unsure'
}

function isRead({ verb, tokens }: StatementShape): boolean {
  if (verb !== 'with') return READ.has(verb)
  const depths = depthsOf(tokens)
  return !tokens.some((token, index) => depths[index] === 0 && WRITE.has(lower(token)))
}

function touchesOther({ tokens }: StatementShape, { otherTables, hasHiddenWrites }: Surroundings): boolean {
  if (otherTables.length === 0) return false
  return hasHiddenWrites || tokens.some(({ text }) => otherTables.includes(text.toLowerCase()))
}

/** DDL that is done as a whole, and shows in the texts of SHOW CREATE unless it can be repeated. */
function isSureDdl({ verb, object, words, tokens }: StatementShape): boolean {
  if (verb === 'call' || verb === 'truncate') return false
  const isReplaced = verb === 'create' && words[1] === 'or' && words[2] === 'replace'
  if (isReplaced && object !== 'view') return false
  if (object === 'table' && verb === 'create' && words.some((word) => word === 'select' || word === 'values'))
    return false
  if (
    object === 'table' &&
    verb === 'alter' &&
    words.some((word) => /^(truncate|exchange|import|discard)$/.test(word))
  )
    return false
  return !namesOtherEngine(tokens)
}

function namesOtherEngine(tokens: StatementShape['tokens']): boolean {
  return tokens.some((token, index) => {
    if (lower(token) !== 'engine') return false
    const engine = tokens[index + (tokens[index + 1]?.text === '=' ? 2 : 1)]
    return engine !== undefined && !/^['"]?innodb['"]?$/i.test(engine.text)
  })
}
