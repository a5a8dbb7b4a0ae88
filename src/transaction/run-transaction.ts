import { ConfigError } from '../errors'
import { TransactionError } from '../run-errors'
import type { TenantContext } from '../tenant/context'
import { endedError, TransactionLevel, unfinishedError } from './level'
import type { EngineTransaction } from './level'
import { expectTransactionOptions } from './options'
import type { TransactionOptions } from './options'

/** What a transaction needs of its tenancy. */
export interface TransactionParts {
  readonly context: Pick<TenantContext, 'transaction' | 'inTransaction'>
  /** Begins one for the tenant of the caller. */
  readonly begin: (options: TransactionOptions) => Promise<EngineTransaction>
}

/**
 * Does work in a transaction that all queries of the tenancy's pool join, whatever library makes them. Inside another one it is
 * a savepoint.
 *
 * @returns what the work does, once it is committed
 * @throws what the work throws, after the rollback; TransactionError where the server would not commit; ConfigError
 */
export async function runTransaction<T>(
  { context, begin }: TransactionParts,
  work: () => T | Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  expectTransactionOptions(options)
  const outer = context.transaction() as TransactionLevel | undefined
  const inside = (level: TransactionLevel): Promise<T> => context.inTransaction(level, async () => work())
  if (outer !== undefined) {
    if (options.isolationLevel !== undefined || options.readOnly !== undefined)
      throw new ConfigError(['A transaction inside another one is a savepoint and takes no options.'])
    return runSavepoint(outer, inside)
  }
  const engine = await begin(options)
  const level = new TransactionLevel(engine)
  const result = await inside(level).catch(async (error: unknown) => {
    level.end()
    await engine.rollback()
    throw error
  })
  const { isFree } = level
  level.end()
  if (!engine.isAlive || !isFree) {
    const error = isFree ? endedError(engine.tenant) : unfinishedError(engine.tenant)
    await engine.rollback()
    throw error
  }
  if (await engine.commit()) return result
  throw new TransactionError(
    'The server has rolled this transaction back instead of committing it: a statement in it failed, and its error was caught. ' +
      'Let the error through, or do what may fail in a transaction of its own inside.',
    { tenant: engine.tenant },
  )
}

async function runSavepoint<T>(
  outer: TransactionLevel,
  inside: (level: TransactionLevel) => Promise<T>,
): Promise<T> {
  const leave = await outer.enter()
  try {
    if (outer.problem !== undefined) throw outer.problem
    const { engine } = outer
    const name = outer.nameSavepoint()
    await engine.control(`savepoint ${name}`)
    const level = new TransactionLevel(engine, outer)
    // Where what is around has ended, that has taken the savepoint along, and PostgreSQL aborts all for one that it does not find.
    const goBack = async (): Promise<unknown> =>
      outer.isOpen ? engine.endPart(`rollback to savepoint ${name}`) : undefined
    const finished = async (): Promise<T> => {
      const result = await inside(level)
      if (!outer.isOpen) throw outer.problem!
      if (level.isFree) return result
      throw unfinishedError(engine.tenant)
    }
    const result = await finished().catch(async (error: unknown) => {
      level.end()
      // Where even that fails the whole is lost, and its COMMIT says so; the first error says why.
      await goBack().catch(() => {})
      throw error
    })
    level.end()
    await engine.endPart(`release savepoint ${name}`).catch(async (cause: unknown) => {
      await goBack().catch(() => {})
      throw new TransactionError(
        'A transaction inside another one was rolled back instead of kept: a statement in it failed, and its error was caught.',
        { tenant: engine.tenant, cause },
      )
    })
    return result
  } finally {
    leave()
  }
}
