import type { Change } from '../../torture/support/mutant'
import type { ChaosEngine } from './chaos'

/** A bug put into the command line that the storm drives, which its end must show. */
export interface ChaosMutant {
  readonly name: string
  readonly engine: ChaosEngine
  readonly changes: readonly Change[]
}

/** Bugs that only show when something is killed, or when two are at work. */
export const CHAOS_MUTANTS: readonly ChaosMutant[] = [
  {
    name: 'does not look at the books again where a tenant is one round trip',
    engine: 'postgres',
    changes: [{ file: 'postgres/joined-script.ts', find: 'if ${isStale} then', replace: 'if false then' }],
  },
  {
    name: 'MySQL: does not read the journal of an interrupted migration',
    engine: 'mysql',
    changes: [
      {
        file: 'mysql/apply-migrations.ts',
        find: 'books.isUnfinished(file.name) ?',
        replace: "file.name === '' ?",
      },
    ],
  },
  {
    name: 'MySQL: commits what is written before its row in the journal',
    engine: 'mysql',
    changes: [
      {
        file: 'mysql/migration-run.ts',
        find: 'answer = await session.query(statement.text)\n        return',
        replace:
          "answer = await session.query(statement.text)\n        await session.query('commit')\n" +
          "        await session.query('start transaction')\n        return",
      },
    ],
  },
]
