import { scanSql } from './sql-scanner'

/** Something in a migration that would reach beyond its tenant. */
export interface LintProblem {
  /** What it does and what to do instead. */
  readonly message: string
  /** The first words of the statement. */
  readonly statement: string
}

interface Rule {
  /** `words` are those of one statement, with `"` for a quoted identifier; `sql` is all of the text. */
  readonly applies: (words: readonly string[], sql: string) => boolean
  readonly message: string
}

const isOneOf = (word: string | undefined, words: string): boolean =>
  word !== undefined && words.split(' ').includes(word)
const isRoutine = ([first, second, third, fourth]: readonly string[]): boolean =>
  isOneOf(first, 'create alter') &&
  [second, third, fourth].some((word) => isOneOf(word, 'function procedure routine'))
/** Whether `first second` stand together, as in ALTER ... SET SCHEMA. */
const isPair = (words: readonly string[], first: string, second: string): boolean =>
  words.some((word, index) => word === first && words[index + 1] === second)
/** What SET sets: the word behind SET, SET SESSION and SET LOCAL. */
const settingOf = ([first, second, third]: readonly string[]): string | undefined =>
  first !== 'set' ? undefined : isOneOf(second, 'session local') ? third : second
/** A call of set_config whose setting is not a literal other than these three. */
const UNSAFE_SET_CONFIG =
  /set_config"?\s*\((?!\s*'(?!(?:search_path|role|session_authorization)')[a-z_][\w.]*'\s*,)/i

const RULES: readonly Rule[] = [
  {
    applies: ([first, second]) =>
      isOneOf(first, 'commit end abort begin') ||
      (first === 'rollback' && second !== 'to') ||
      (isOneOf(first, 'start prepare') && second === 'transaction'),
    message:
      'ends or begins a transaction, so a failure would leave half of the run. Leave it out; use pgm.noTransaction() where no transaction can be',
  },
  {
    applies: (words, sql) =>
      !isRoutine(words) &&
      (settingOf(words) === 'search_path' ||
        (words[0] === 'reset' && words[1] === 'search_path') ||
        (words[0] === 'alter' && isPair(words, 'set', 'search_path')) ||
        (words.includes('set_config') && UNSAFE_SET_CONFIG.test(sql))),
    message:
      'changes search_path, so what follows would land elsewhere. Leave it out, or bind it to a function (CREATE FUNCTION ... SET search_path FROM CURRENT)',
  },
  {
    applies: (words) => settingOf(words) === '"',
    message: 'sets a setting by a quoted name, which could be search_path. Write the name without quotes',
  },
  {
    applies: ([first, second]) => isOneOf(first, 'create drop alter') && second === 'extension',
    message:
      'works on an extension, which belongs to the database: dropping the first tenant would drop its types from all the others. Do it once, in a shared schema named in `sharedSchemas`',
  },
  {
    applies: ([first, second]) =>
      isOneOf(first, 'create drop alter') &&
      isOneOf(second, 'schema database role user group tablespace system'),
    message: "works on something that is no tenant's. Do it in the migrations of the application itself",
  },
  {
    applies: (words) =>
      isPair(words.slice(0, 3), 'default', 'privileges') &&
      words[0] === 'alter' &&
      !isPair(words, 'in', 'schema'),
    message:
      'changes the default privileges of a role in all schemas. Say IN SCHEMA, or do it in the migrations of the application itself',
  },
  {
    applies: (words) => words[0] === 'alter' && isPair(words, 'set', 'schema'),
    message: 'moves an object out of the tenant. Leave it where it is',
  },
  {
    applies: ([first, second, third]) =>
      first === 'discard' ||
      (first === 'reset' && isOneOf(second, 'all role session')) ||
      (first === 'set' &&
        (isOneOf(second, 'role') ||
          (isOneOf(second, 'session local') && isOneOf(third, 'role authorization')))),
    message: 'changes the session that the rest of the run needs. Leave it out',
  },
]

/**
 * Looks for what a tenant's migration must not do. Sees neither into strings nor into the bodies of functions.
 *
 * @param sql - one statement or several
 */
export function lintMigration(sql: string): readonly LintProblem[] {
  return statementsOf(sql).flatMap((words) =>
    RULES.filter(({ applies }) => applies(words, sql)).map(({ message }) => ({
      message,
      statement: words.slice(0, 6).join(' '),
    })),
  )
}

/** The words of each statement. A body in SQL's own syntax (BEGIN ATOMIC ... END) is passed over. */
function statementsOf(sql: string): readonly (readonly string[])[] {
  const statements: string[][] = [[]]
  let depth = 0
  let before = ''
  for (const { type, text } of scanSql(sql)) {
    const opensBody = before === 'begin' && text === 'atomic' && type === 'word'
    const current = statements.at(-1)!
    if (opensBody) {
      depth = 1
      current.pop()
    } else if (depth > 0) depth += text === 'case' ? 1 : text === 'end' ? -1 : 0
    else if (text === ';' && type === 'mark') statements.push([])
    else if (type !== 'mark') current.push(type === 'word' ? text : '"')
    before = text
  }
  return statements.filter(({ length }) => length > 0)
}
