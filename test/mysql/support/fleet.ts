import type {
  Books,
  MigrationWorker,
  MigrationStep,
  SurveyedSchema,
  SurveyedTenant,
  WorkerLimits,
} from '../../../src/engine'
import { readMigrationFolder } from '../../../src/migrations/folder'
import { mysql } from '../../../src/mysql/mysql'
import type { SchemaName } from '../../../src/tenant/schema-name'
import { MYSQL_SERVERS } from '../../support/servers'
import type { MysqlTestServer } from '../../support/servers'
import { MysqlTown } from './town'

/** The members of a worker that a fleet uses; the engine has all of them. */
export type FleetWorker = Required<
  Pick<MigrationWorker, 'candidates' | 'survey' | 'prepare' | 'advance' | 'checksums'>
> &
  MigrationWorker

/** A town and workers of its engine. */
export class MysqlFleet {
  readonly town: MysqlTown
  readonly #engine
  readonly #workers: MigrationWorker[] = []

  private constructor(server: MysqlTestServer, town: MysqlTown) {
    this.town = town
    this.#engine = mysql({ uri: server.appUrl, migrationUrl: server.ownerUrl }).open({
      tenancy: 'default',
      migrationsTable: 'schema_migrations',
      scope: () => undefined,
      transaction: () => undefined,
    })
  }

  static async open(
    title: string,
    files: Readonly<Record<string, string>>,
    tenants: readonly string[] = [],
  ): Promise<MysqlFleet> {
    const server = MYSQL_SERVERS[0]!
    const fleet = new MysqlFleet(server, await MysqlTown.open(server, title, files))
    for (const id of tenants) await fleet.town.tenancy.create(id, { migrate: false })
    return fleet
  }

  async worker(limits?: WorkerLimits): Promise<FleetWorker> {
    const worker = await this.#engine.openWorker(limits)
    this.#workers.push(worker)
    return worker as FleetWorker
  }

  schema(id: string): SchemaName {
    return this.town.schema(id) as SchemaName
  }

  async survey(worker: FleetWorker, id: string): Promise<SurveyedSchema> {
    return (await worker.survey([this.schema(id)], new Map()))[0]!
  }

  /** The same for one that must be a tenant. */
  async tenant(worker: FleetWorker, id: string): Promise<SurveyedTenant> {
    const found = await this.survey(worker, id)
    if (found.mark === undefined || found.books instanceof Error) throw new Error(`${id} is no tenant.`)
    return found as SurveyedTenant
  }

  /** All files in this direction. */
  async steps(direction: MigrationStep['direction'] = 'up'): Promise<readonly MigrationStep[]> {
    const files = await readMigrationFolder(this.town.folder.path)
    const steps = files.map((file) => ({ file, direction }))
    return direction === 'up' ? steps : steps.reverse()
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) await worker.close()
    await this.#engine.close()
    await this.town.close()
  }
}

/** The books that a survey found; an error fails the test. */
export function booksOf({ books }: SurveyedSchema): Books {
  if (books instanceof Error) throw books
  return books
}
