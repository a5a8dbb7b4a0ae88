import { depthsOf, keywordAt, lower, qualifierAt, shapeOf } from './migration-shape'
import type { StatementShape } from './migration-shape'
import { reachOf } from './migration-writes'

const READS = 'select with values table show desc describe explain'
const WRITES = 'insert update delete replace do load call'
const DEFINES = 'create alter drop rename truncate analyze optimize check repair checksum'
const ALLOWED = new Set(`${READS} ${WRITES} ${DEFINES} set`.split(' '))

/** Settings that change nothing for anyone else, and that a resumed run can set again. */
const SETTINGS = new Set(
  (
    'foreign_key_checks unique_checks names character charset character_set_client character_set_connection ' +
    'character_set_results collation_connection time_zone lock_wait_timeout innodb_lock_wait_timeout ' +
    'max_statement_time max_execution_time group_concat_max_len alter_algorithm old_alter_table'
  ).split(' '),
)
const FOREIGN = new Set(
  'database schema user role server tablespace logfile resource undo instance spatial reference'.split(' '),
)

interface Rule {
  readonly applies: (shape: StatementShape, schema: string) => boolean
  readonly message: string
}

const RULES: readonly Rule[] = [
  {
    applies: ({ verb }) => /^(begin|start|commit|rollback|savepoint|release|xa)$/.test(verb),
    message:
      'ends or begins a transaction, which each statement here has of its own with its row in the journal. Leave it out',
  },
  {
    applies: ({ verb }) => verb === 'use',
    message: "leaves the tenant's database, so what follows would land elsewhere. Leave it out",
  },
  {
    applies: ({ verb, object }) =>
      object !== undefined && FOREIGN.has(object) && /^(create|alter|drop|rename)$/.test(verb),
    message: "works on something that is no tenant's. Do it in the migrations of the application itself",
  },
  {
    applies: ({ verb }) => /^(grant|revoke)$/.test(verb),
    message:
      'changes what users may do. Rowhouse grants the application what it needs; do more outside of migrations',
  },
  {
    applies: ({ verb }) => /^(lock|unlock|flush|kill|handler)$/.test(verb),
    message: 'locks or changes more than the tenant, or commits on its own. Leave it out',
  },
  {
    applies: ({ verb }) => /^(prepare|execute|deallocate)$/.test(verb),
    message: 'hides what it does in a text. Write a .ts migration, whose db.query() takes any text',
  },
  {
    applies: (shape) => shape.verb === 'set' && !setsOnlySettings(shape),
    message: `sets something other than ${[...SETTINGS].slice(0, 3).join(', ')} and the like. Leave it out`,
  },
  {
    applies: ({ tokens }) => tokens.some(({ type }) => type === 'variable'),
    message:
      'keeps a value in a variable of the session, which a resumed run would not have. Write a .ts migration, which has variables of its own',
  },
  {
    // Rowhouse's own statements, the journal's among them, run in between.
    applies: (shape) => callsWithout(shape, /^(row_count|found_rows)$/),
    message:
      'asks for the rows of the statement before, and another one is run in between. Write a .ts migration, whose db.query() answers with affectedRows, or count the rows',
  },
  {
    applies: asksSequence,
    message:
      'asks what the session drew from a sequence, which a resumed run would not have. Read it from the table that it was written to',
  },
  {
    applies: ({ verb, words }) => verb === 'create' && words.slice(0, 4).includes('temporary'),
    message: 'makes a temporary table, which a resumed run would not have. Make a real one and drop it',
  },
  {
    applies: ({ verb, words }) =>
      (verb === 'load' && words.includes('local')) || words.includes('outfile') || words.includes('dumpfile'),
    message: 'reads or writes a file beside the database. Write a .ts migration',
  },
  {
    applies: (shape) =>
      shape.verb === 'drop' && /^(table|tables|view)$/.test(shape.object ?? '') && dropsSeveral(shape),
    message: 'drops several at once, which MariaDB can do by half. Write one DROP for each',
  },
  {
    applies: isUnknownObject,
    message: 'is not known here. Write it another way',
  },
  {
    applies: ({ verb }) => !ALLOWED.has(verb),
    message:
      'is not known here: what it does to the transaction and the session is not sure. Write it another way',
  },
  {
    applies: (shape, schema) =>
      definedNames(shape).some((name) => name !== schema) || reachOf(shape, schema) === 'outside',
    message: "names another database. Leave its name out: unqualified names are the tenant's own",
  },
  {
    applies: (shape, schema) => reachOf(shape, schema) === 'maybe',
    message:
      'names another database, in which an unqualified column of SET could be. Put the table in front of the column, widgets.name',
  },
]

const ROWS =
  'answers with rows (RETURNING), which a resumed run would not have. Use insertId of the answer, or a SELECT behind it'

/**
 * Looks for what a tenant's migration must not do, and for what could not be resumed. Sees neither into strings nor into the
 * bodies of routines.
 *
 * @param sql - one statement
 * @param schema - the tenant's database, which a name may be qualified with
 * @returns what it does and what to do instead; undefined for a fair statement
 */
export function lintStatement(sql: string, schema: string): string | undefined {
  const shape = shapeOf(sql)
  return RULES.find(({ applies }) => applies(shape, schema))?.message
}

/**
 * The same for a statement of a program, which is answered from the journal when a run goes on.
 */
export function lintSent(sql: string, schema: string): string | undefined {
  return lintStatement(sql, schema) ?? (answersRows(shapeOf(sql)) ? ROWS : undefined)
}

function answersRows({ verb, tokens }: StatementShape): boolean {
  const depths = depthsOf(tokens)
  const isWrite = /^(insert|replace|update|delete|with)$/.test(verb)
  return isWrite && tokens.some((_, at) => depths[at] === 0 && keywordAt(tokens, at) === 'returning')
}

function isUnknownObject({ verb, object }: StatementShape): boolean {
  if (!DEFINES.split(' ').includes(verb) || verb === 'truncate') return false
  if (/^(create|alter|drop)$/.test(verb)) return object === undefined || object === 'package'
  return !/^tables?$/.test(object ?? '')
}

/** `SET NAMES utf8mb4`, `SET SESSION foreign_key_checks = 0, @@unique_checks = 0` */
function setsOnlySettings({ tokens }: StatementShape): boolean {
  const depths = depthsOf(tokens)
  let isName = true
  for (const [index, token] of tokens.entries()) {
    const word = lower(token)
    if (index === 0 || depths[index] !== 0) continue
    if (word === ',') isName = true
    else if (isName && !/^(session|local|@@|\.)$/.test(word)) {
      if (!SETTINGS.has(word)) return false
      isName = false
    }
  }
  return !isName
}

function dropsSeveral({ tokens }: StatementShape): boolean {
  return tokens.some((token) => lower(token) === ',')
}

/** Databases that are named where a statement defines something: not in parentheses, in a query, a reference, a LIKE. */
function definedNames({ verb, tokens }: StatementShape): string[] {
  if (!DEFINES.split(' ').includes(verb)) return []
  const depths = depthsOf(tokens)
  const names: string[] = []
  for (const [index, token] of tokens.entries()) {
    if (depths[index] !== 0 || /^(\.|@|references|like)$/.test(lower(tokens[index - 1]))) continue
    // AS begins a query, or the value of a generated column, behind which RENAME TO may stand.
    if (
      lower(token) === 'select' ||
      /^as (table|with|values)$/.test(`${lower(token)} ${lower(tokens[index + 1])}`)
    )
      break
    const name = qualifierAt(tokens, index)
    if (name !== undefined) names.push(name)
  }
  return names
}

function callsWithout({ tokens }: StatementShape, pattern: RegExp): boolean {
  return tokens.some(
    (_, index) =>
      pattern.test(keywordAt(tokens, index)) &&
      tokens[index + 1]?.text === '(' &&
      tokens[index + 2]?.text === ')',
  )
}

/** `LASTVAL(s)`, `PREVIOUS VALUE FOR s` */
function asksSequence({ tokens }: StatementShape): boolean {
  return tokens.some((_, index) => {
    const words = [0, 1, 2].map((more) => keywordAt(tokens, index + more))
    return (words[0] === 'lastval' && words[1] === '(') || words.join(' ') === 'previous value for'
  })
}
