import type { MigrationWorker, SurveyedSchema } from '../../src/engine'
import { MigrateTenant } from '../../src/fleet/migrate-tenant'
import type { Turn } from '../../src/fleet/migrate-tenant'
import { Plans } from '../../src/fleet/plans'
import { Workers } from '../../src/lifecycle/workers'
import type { SchemaName } from '../../src/tenant/schema-name'
import type { TenantId } from '../../src/tenant/tenant-id'

const FILES = [1, 2].map((number) => ({
  name: `2020010${number}000000_m${number}`,
  version: 20200100000000 + number * 1_000_000,
  path: `/m${number}.sql`,
}))
const owner = { tenancy: 'default', prefix: 'tenant_' }
const schema = 'tenant_acme' as SchemaName

function found(applied: readonly string[]): SurveyedSchema {
  const mark = { tenancy: 'default', tenant: 'acme', state: 'active' } as const
  return { schema, exists: true, mark, books: { state: applied.join(), applied } }
}

/** One tenant on a connection whose answers the test gives. */
function rig(worker: Partial<MigrationWorker>, retries = 2) {
  const known = new Map<string, never>()
  const workers = new Workers(
    async () => Object.assign(worker, { isUsable: true, close: async () => {} }) as MigrationWorker,
  )
  const plans = new Plans({
    ...{ direction: 'up', files: FILES, options: {} },
    lend: async () => ({ steps: [], sql: [] }) as never,
  })
  const migrate = new MigrateTenant({
    ...{ workers, owner, known, plans, files: FILES, direction: 'up', retries },
    afterMigrate: async () => {},
    tell: () => {},
  })
  const run = async (applied: readonly string[]) => {
    const tenant = { id: 'acme' as TenantId, schema, found: found(applied) }
    let turn: Turn = { tenant, tries: 0 }
    for (let tries = 1; ; tries += 1) {
      const tried = await migrate.run(turn)
      if ('outcome' in tried) return { ...tried.outcome, tries }
      turn = tried.again
    }
  }
  return { run }
}

describe('one tenant of a fleet', () => {
  test('whose books change each time is given up on', async () => {
    const survey = async (): Promise<readonly SurveyedSchema[]> => [found([])]
    const { run } = rig({ survey, advance: async () => false })
    expect(await run([])).toMatchObject({
      status: 'error',
      error: { code: 'ROWHOUSE_MIGRATION_LOCKED' },
      tries: 6,
    })
  })

  test('that somebody else migrates has nothing to do', async () => {
    const survey = async (): Promise<readonly SurveyedSchema[]> => [found(FILES.map(({ name }) => name))]
    const { run } = rig({ survey, advance: async () => false })
    expect(await run([])).toMatchObject({ status: 'ok', versions: [], tries: 2 })
  })

  test('whose connection was lost behind the commit tells what was run', async () => {
    const survey = async (): Promise<readonly SurveyedSchema[]> => [found(FILES.map(({ name }) => name))]
    const worker = {
      isUsable: true,
      survey,
      advance: async () => {
        worker.isUsable = false
        throw new Error('Connection terminated unexpectedly')
      },
    }
    const { run } = rig(worker)
    expect(await run([FILES[0]!.name])).toMatchObject({ status: 'ok', versions: [FILES[1]!.version] })
  })

  test('is tried no more often than said, and not at all again where that would be in vain', async () => {
    let tries = 0
    const survey = async (): Promise<readonly SurveyedSchema[]> => [found([])]
    const failing = (error: object) => ({
      survey,
      advance: async () => {
        tries += 1
        throw Object.assign(new Error('no'), error)
      },
    })
    expect(await rig(failing({ code: '55P03' })).run([])).toMatchObject({ status: 'error', tries: 3 })
    expect(tries).toBe(3)
    expect(await rig(failing({ code: '23505' })).run([])).toMatchObject({ status: 'error', tries: 1 })
  })

  test('that was dropped meanwhile is told as not there', async () => {
    const gone = { ...found([]), exists: false, mark: undefined }
    const { run } = rig({ survey: async () => [gone], advance: async () => false })
    expect(await run([])).toMatchObject({ status: 'error', error: { code: 'ROWHOUSE_TENANT_NOT_FOUND' } })
  })
})
