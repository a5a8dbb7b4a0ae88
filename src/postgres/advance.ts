import type { Mark, MigrationStep, PreparedSteps, SurveyedTenant } from '../engine'
import type { SchemaName } from '../tenant/schema-name'
import type { Access } from './access'
import { prepareRun } from './apply-migrations'
import type { PreparedRun, RunTools } from './apply-migrations'
import { isStatementError } from './driver'
import { advanceText, birthText, isJoinable, STALE, TAKEN } from './joined-script'
import type { JoinTools } from './joined-script'
import { markCreation } from './marks'
import { LOCK_NOT_AVAILABLE } from './migration-failure'
import { heldByAnother, heldByTransaction, withLock } from './migration-lock'
import type { MigrationRenderer, PreparedStep } from './render-migration'
import { survey } from './survey'

/** Steps that were rendered and looked through. */
export interface PostgresSteps extends PreparedSteps {
  readonly parts: PreparedRun
  /** They can be sent as one text. */
  readonly isJoinable: boolean
}

/** What a tenant is advanced with. */
export interface AdvanceTools extends RunTools, JoinTools {
  readonly access: Access
  /** Runs steps one statement after another, under the lock of the schema. */
  readonly apply: (schema: SchemaName, tenant: string, parts: PreparedRun) => Promise<void>
}

/** What may be gone at the next try: a deadlock, a conflict, no room for locks. One statement after another would meet it, too. */
const PASSING = new Set(['40P01', '40001', '53200'])

/** Makes steps ready. @throws MigrationRefusedError, MigrationTargetError, MigrationFailedError */
export async function prepare(
  renderer: MigrationRenderer,
  steps: readonly MigrationStep[],
): Promise<PostgresSteps> {
  const parts = await prepareRun(renderer, steps)
  const sql = parts.flatMap((part) => part.steps.flatMap(textsOf))
  return { steps, parts, isJoinable: isJoinable(parts), sql }
}

function textsOf({ step, rendered }: PreparedStep): readonly string[] {
  const { name } = step.file
  if (rendered.kind === 'live') return [`-- ${name} asks each tenant`]
  return [`-- ${name}${rendered.transactional ? '' : ', in no transaction'}`, ...rendered.statements]
}

/**
 * Migrates a tenant in one round trip where that can be. Where it fails nothing was done, and it is done once more statement
 * by statement, which says what fails where.
 *
 * @returns false where mark or books are no longer what the survey found; nothing was done then
 * @throws MigrationLockedError, MigrationFailedError, MigrationRefusedError
 */
export async function advance(
  tools: AdvanceTools,
  tenant: SurveyedTenant,
  { parts, isJoinable: isOne }: PostgresSteps,
  isThorough: boolean,
): Promise<boolean> {
  const { client, limits } = tools
  const { schema, mark } = tenant
  if (isOne && !isThorough && tenant.isSettled !== false) {
    try {
      await client.query(advanceText(tools, tenant, parts))
      return true
    } catch (error) {
      const { code = '' } = error as { code?: string }
      if (code === STALE) return false
      if (code === TAKEN) throw heldByAnother(schema, mark.tenant, 'nothing was done')
      if (code === LOCK_NOT_AVAILABLE)
        throw heldByTransaction(schema, mark.tenant, limits.lockTimeoutMs, error)
      if (!isStatementError(error) || PASSING.has(code)) throw error
    }
  }
  return withLock(client, { schema, tenant: mark.tenant, limits }, async () => {
    if (!(await isAsFound(tools, tenant))) return false
    await tools.apply(schema, mark.tenant, parts)
    return true
  })
}

/**
 * Makes a tenant in one round trip, where nothing of it must be asked for.
 *
 * @returns false, with nothing done, where that can't be, or it failed
 */
export async function birth(
  tools: AdvanceTools,
  schema: SchemaName,
  mark: Mark,
  { parts, isJoinable: isOne }: PostgresSteps,
): Promise<boolean> {
  const gifts = tools.access.gifts?.(schema)
  if (!isOne || gifts === undefined) return false
  try {
    await tools.client.query(birthText(tools, { schema, mark: markCreation(schema, mark), gifts }, parts))
    return true
  } catch (error) {
    if (isStatementError(error)) return false
    throw error
  }
}

async function isAsFound(tools: AdvanceTools, { schema, mark, books }: SurveyedTenant): Promise<boolean> {
  const [now] = await survey(tools, [schema], new Map([[books.state, books]]))
  const isSame =
    now?.mark?.tenancy === mark.tenancy && now.mark.tenant === mark.tenant && now.mark.state === mark.state
  return isSame && !(now.books instanceof Error) && now.books.state === books.state
}
