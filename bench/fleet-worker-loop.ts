import { readMigrationFolder } from '../src/migrations/folder'
import { planSteps } from '../src/migrations/target'
import type { Books, PreparedSteps, SurveyedSchema, SurveyedTenant } from '../src/engine'
import { mysql } from '../src/mysql/mysql'

const CHUNK = 100

/** A fleet to be migrated. */
export interface FleetRun {
  /** Migrates all that is pending on so many connections. @returns how many tenants were there */
  run(workers: number): Promise<number>
  close(): Promise<void>
}

/** The members of the engine's workers in the plainest loop: what they cost by themselves. */
export function openWorkerLoop(uri: string, prefix: string, folder: string): FleetRun {
  const engine = mysql({ uri }).open({
    tenancy: 'default',
    migrationsTable: 'schema_migrations',
    scope: () => undefined,
  })
  return {
    async run(count) {
      const workers = await Promise.all(Array.from({ length: count }, () => engine.openWorker()))
      const files = await readMigrationFolder(folder)
      const known = new Map<string, Books>()
      const plans = new Map<string, Promise<PreparedSteps>>()
      const schemas = await workers[0]!.candidates!(prefix)
      const chunks = Array.from({ length: Math.ceil(schemas.length / CHUNK) }, (_, at) =>
        schemas.slice(at * CHUNK, (at + 1) * CHUNK),
      )
      const surveyed: SurveyedSchema[] = []
      await Promise.all(
        workers.map(async (worker) => {
          for (let chunk = chunks.pop(); chunk !== undefined; chunk = chunks.pop())
            surveyed.push(...(await worker.survey!(chunk, known)))
        }),
      )
      const todo = [...surveyed]
      await Promise.all(
        workers.map(async (worker) => {
          for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
            const { books } = one
            if (books instanceof Error) throw books
            const steps = planSteps({ direction: 'up', files, applied: books.applied })
            if (steps.length === 0) continue
            const plan = plans.get(books.state) ?? worker.prepare!(steps)
            plans.set(books.state, plan)
            if (!(await worker.advance!(one as SurveyedTenant, await plan))) throw new Error('stale')
          }
        }),
      )
      await Promise.all(workers.map((worker) => worker.close()))
      return surveyed.length
    },
    close: () => engine.close(),
  }
}
