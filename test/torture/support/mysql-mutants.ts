import { ON_MYSQL, ON_MYSQL_ROLES } from './mutant'
import type { Mutant } from './mutant'

/** Bugs of the MySQL pool. */
export const MYSQL_MUTANTS: readonly Mutant[] = [
  {
    name: 'MySQL: keeps prepared statements by their text alone',
    changes: [
      {
        file: 'mysql/statements.ts',
        find: 'const own = `${database}\\0${key}`',
        replace: 'const own = key',
      },
      {
        file: 'mysql/connection-scope.ts',
        find: 'if (owner !== undefined && owner !== database) return elsewhereError(target, owner)',
        replace: '',
      },
      {
        file: 'mysql/command-checks.ts',
        find: 'if (owner === undefined || owner === database) return undefined',
        replace: 'if (owner === undefined || owner !== "") return undefined',
      },
    ],
    ...ON_MYSQL,
    findings: ['foreign row', 'foreign write'],
  },
  {
    name: 'MySQL: lets waiters take their connection in the context of whoever gives one back',
    changes: [
      {
        file: 'mysql/pool.ts',
        find: 'this.#pool.getConnection = this.#getConnection\n',
        replace: '',
      },
    ],
    ...ON_MYSQL,
    findings: ['foreign row', 'foreign write', 'unexpected failure', 'unanswered'],
  },
  {
    name: 'MySQL: stays in the database of the tenant before',
    changes: [
      {
        file: 'mysql/database-state.ts',
        find: 'const enter = meansDatabase && (at !== wish.database || (reset && wish.hasRole))',
        replace: 'const enter = meansDatabase && (at === undefined || at === wish.parking)',
      },
      {
        file: 'mysql/connection-scope.ts',
        find: "const parks = need.enter && !isLent && how === 'joined' && !allowsLocalFiles",
        replace: "const parks = need.enter && isLent && !isLent && how === 'joined' && !allowsLocalFiles",
      },
      {
        file: 'mysql/pool.ts',
        find: 'const parking = scope.park()',
        replace: 'const parking = { whenThrough: (done: () => void) => done() }',
      },
    ],
    ...ON_MYSQL,
    findings: ['foreign row', 'foreign write', 'unexpected failure'],
  },
  {
    name: 'MySQL: clears no session',
    changes: [
      {
        file: 'mysql/hygiene.ts',
        find: "return this.#level === 'strict' || this.#isDirty",
        replace: 'return false',
      },
    ],
    ...ON_MYSQL,
    findings: ['foreign state', 'foreign row', 'unexpected failure'],
  },
  {
    name: 'MySQL: gives a connection on in an open transaction',
    changes: [
      {
        file: 'mysql/when-idle.ts',
        find: 'if (!scope.status.isInTransaction) return undefined',
        replace: 'if (scope !== undefined) return undefined',
      },
    ],
    ...ON_MYSQL,
    findings: ['lost write', 'unwanted write', 'unexpected failure', 'foreign write', 'unanswered'],
  },
  {
    name: 'MySQL: lets the texts of a tenant take the role of another one',
    changes: [
      {
        file: 'mysql/connection-scope.ts',
        find: "hasRoles && statement.kind === 'other' && takesRole(textOf(command) ?? '')",
        replace: "hasRoles && statement.kind === 'define' && takesRole(textOf(command) ?? '')",
      },
    ],
    ...ON_MYSQL_ROLES,
    findings: ['unexpected failure', 'foreign row', 'foreign write'],
  },
]
