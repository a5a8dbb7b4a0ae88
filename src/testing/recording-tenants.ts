import type {
  Mark,
  MarkedSchema,
  MigrationStep,
  MigrationWorker,
  PreparedSteps,
  SchemaReport,
  SurveyedSchema,
  SurveyedTenant,
  TenantState,
} from '../engine'
import { hasPrefix } from '../tenant/schema-name'
import type { SchemaName } from '../tenant/schema-name'
import type { TenantId } from '../tenant/tenant-id'

interface Entry {
  readonly mark: Mark
  readonly applied: readonly string[]
}

/** The tenants of a recording engine: their marks and books, in memory. Migrations are noted and not run. */
export class RecordingTenants implements MigrationWorker {
  readonly isUsable = true
  readonly #all = new Map<string, Entry>()

  readMark(schema: SchemaName): Mark | undefined {
    return this.#all.get(schema)?.mark
  }

  async *listMarked(prefix: string): AsyncGenerator<MarkedSchema> {
    for (const schema of [...this.#all.keys()].sort()) {
      if (hasPrefix(schema, prefix)) yield { schema, mark: this.#all.get(schema)!.mark }
    }
  }

  withLock<T>(_schema: SchemaName, _tenant: TenantId, work: () => Promise<T>): Promise<T> {
    return work()
  }

  async inspect(schema: SchemaName): Promise<SchemaReport> {
    return { exists: this.#all.has(schema), mark: this.readMark(schema) }
  }

  async readApplied(schema: SchemaName): Promise<readonly string[]> {
    return this.#all.get(schema)?.applied ?? []
  }

  async candidates(prefix: string): Promise<readonly SchemaName[]> {
    return [...this.#all.keys()].filter((schema) => hasPrefix(schema, prefix)).sort() as SchemaName[]
  }

  async survey(schemas: readonly SchemaName[]): Promise<readonly SurveyedSchema[]> {
    return schemas.map((schema) => {
      const applied = this.#all.get(schema)?.applied ?? []
      return {
        ...{ schema, exists: this.#all.has(schema), mark: this.readMark(schema) },
        books: { state: JSON.stringify(applied), applied },
      }
    })
  }

  async prepare(steps: readonly MigrationStep[]): Promise<PreparedSteps> {
    return { steps, sql: [] }
  }

  async advance({ schema, mark }: SurveyedTenant, { steps }: PreparedSteps): Promise<boolean> {
    await this.apply(schema, mark.tenant as TenantId, steps)
    return true
  }

  async create(schema: SchemaName, mark: Mark, steps: readonly MigrationStep[]): Promise<void> {
    this.#all.set(schema, { mark, applied: steps.map(({ file }) => file.name) })
  }

  async apply(schema: SchemaName, _tenant: TenantId, steps: readonly MigrationStep[]): Promise<void> {
    const entry = this.#all.get(schema)
    if (entry === undefined) return
    const applied = steps.reduce<readonly string[]>(
      (names, { file, direction }) =>
        direction === 'up' ? [...names, file.name] : names.filter((name) => name !== file.name),
      entry.applied,
    )
    this.#all.set(schema, { ...entry, applied })
  }

  async note(schema: SchemaName, step: MigrationStep): Promise<void> {
    await this.apply(schema, this.readMark(schema)?.tenant as TenantId, [step])
  }

  async adopt(schema: SchemaName, mark: Mark): Promise<void> {
    this.#all.set(schema, { mark, applied: [] })
  }

  async setState(schema: SchemaName, state: TenantState): Promise<void> {
    const entry = this.#all.get(schema)
    if (entry !== undefined) this.#all.set(schema, { ...entry, mark: { ...entry.mark, state } })
  }

  async drop(schema: SchemaName): Promise<void> {
    this.#all.delete(schema)
  }

  async close(): Promise<void> {}
}
