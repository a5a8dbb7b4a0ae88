import { randomBytes } from 'node:crypto'
import type { Direction, MigrationFile, MigrationStep, MigrationWorker } from '../engine'
import { MigrationFailedError, MigrationTargetError } from '../errors'
import { Workers } from '../lifecycle/workers'
import type { SchemaName } from '../tenant/schema-name'
import type { TenantId } from '../tenant/tenant-id'
import type { FleetPlace } from './plan-fleet'

/** What a rehearsal of all migrations did. */
export interface Rehearsal {
  /** How many migrations there are. */
  readonly of: number
  /** How many were run; none behind one that can't be taken back. */
  readonly migrations: number
  /** How many were taken back by their ways down, newest first; undefined where a rollback does it. */
  readonly reverted: number | undefined
}

/** No tenancy is called so: nobody takes what is made here for a tenant. */
const TENANCY = 'rowhouse rehearsal'

/**
 * Runs all migrations where nobody sees it, and takes all of it back: in a transaction where the engine can, else in a database that is
 * dropped again, forwards and back.
 *
 * @throws MigrationRefusedError, MigrationFailedError without a tenant, MigrationFolderError
 */
export async function rehearseAll({ engine, owner, readFiles }: FleetPlace): Promise<Rehearsal> {
  const files = await readFiles()
  const workers = new Workers(() => engine.openWorker())
  try {
    return await workers.lend(async (worker) => {
      if (worker.rehearse === undefined) return inScratch(worker, owner.prefix, files)
      // Refuses what would end the transaction that all of it is taken back with.
      await worker.prepare(files.map((file) => ({ file, direction: 'up' })))
      const all = new Set(files.map(({ name }) => name))
      return { of: files.length, migrations: await worker.rehearse(files, all), reverted: undefined }
    })
  } finally {
    await workers.close()
  }
}

async function inScratch(
  worker: MigrationWorker,
  prefix: string,
  files: readonly MigrationFile[],
): Promise<Rehearsal> {
  const tenant = `rehearsal${randomBytes(6).toString('hex')}` as TenantId
  // With the prefix, since the owner may have no rights beside it.
  const schema = (prefix + tenant) as SchemaName
  const up = files.map((file): MigrationStep => ({ file, direction: 'up' }))
  const down = await wayDown(worker, files)
  return worker.withLock(schema, tenant, async () => {
    await told('up', () => worker.create(schema, { tenancy: TENANCY, tenant, state: 'creating' }, up))
    try {
      await told('down', () => worker.apply(schema, tenant, down))
    } finally {
      await worker.drop(schema, tenant)
    }
    return { of: files.length, migrations: up.length, reverted: down.length }
  })
}

/** Back from the newest to the first that has no way down. */
async function wayDown(
  worker: MigrationWorker,
  files: readonly MigrationFile[],
): Promise<readonly MigrationStep[]> {
  const steps: MigrationStep[] = []
  for (const file of [...files].reverse()) {
    const step = { file, direction: 'down' } as const
    try {
      await worker.prepare([step])
    } catch (error) {
      if (error instanceof MigrationTargetError) break
      throw error
    }
    steps.push(step)
  }
  return steps
}

/** What fails here fails for everyone, and is told of no tenant. */
async function told(direction: Direction, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof MigrationFailedError)) throw error
    const { migration, statement, line } = error
    throw new MigrationFailedError(
      `Migration ${migration} (${direction}) fails in an empty database, behind all migrations before it` +
        `${statement === undefined ? '' : ` at statement ${statement}`}${line === undefined ? '' : `, line ${line}`}: ` +
        `${(error.cause as Error | undefined)?.message ?? error.message} No tenant was touched.`,
      { migration, versions: [], statement, line, cause: error.cause },
    )
  }
}
