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
    name: 'does not heed the lock where a tenant is one round trip',
    engine: 'postgres',
    changes: [
      { file: 'postgres/joined-script.ts', find: 'if not (${locks}) then', replace: 'if false then' },
    ],
  },
  {
    // The pause is what a round trip to a server far away takes.
    name: 'writes the books in a transaction of their own',
    engine: 'postgres',
    changes: [
      {
        file: 'postgres/joined-script.ts',
        find: '    bookkeeping.entries(\n      schema,',
        replace: "    'commit',\n    'select pg_sleep(0.05)',\n    bookkeeping.entries(\n      schema,",
      },
    ],
  },
  {
    name: 'lends connections that the server has ended',
    engine: 'postgres',
    changes: [
      {
        file: 'postgres/migration-worker.ts',
        find: "['error', 'end'] as const",
        replace: "['end'] as const",
      },
    ],
  },
  {
    name: 'leaves an INVALID index where it is',
    engine: 'postgres',
    changes: [
      {
        file: 'postgres/apply-migrations.ts',
        find: 'if (!transactional) await dropInvalidIndexes',
        replace: 'if (transactional) await dropInvalidIndexes',
      },
    ],
  },
  {
    name: 'tries again without looking again',
    engine: 'postgres',
    changes: [{ file: 'fleet/migrate-tenant.ts', find: 'turn.tries === 1 ?', replace: 'turn.tries > 0 ?' }],
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
  {
    name: 'MySQL: takes no lock',
    engine: 'mysql',
    changes: [
      {
        file: 'mysql/migration-lock.ts',
        find: 'return Number(row!.taken) === 1',
        replace: 'return Number(row!.taken) >= 0',
      },
    ],
  },
  {
    name: 'MySQL: takes DDL in doubt for undone',
    engine: 'mysql',
    changes: [
      { file: 'mysql/migration-run.ts', find: 'return hasChanged(', replace: 'return false && hasChanged(' },
    ],
  },
]
