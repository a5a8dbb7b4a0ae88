import type { SchemaName } from './tenant/schema-name'

/** Tells how schemas are built: by names, with the schema's own taken out, so that two of one structure are told alike. */
export interface Structures {
  /** A text for each that is the same for the same structure; none for what is not there, or can't be read now. */
  fingerprints(schemas: readonly SchemaName[]): Promise<ReadonlyMap<SchemaName, string>>
  /** A line for each thing in a schema, sorted. */
  lines(schema: SchemaName): Promise<readonly string[]>
}

/** How large a schema is, and when it was last migrated. */
export interface SchemaFigures {
  /** Tables of its own, without those of Rowhouse. */
  readonly tables: number
  /** Of those with their indexes, as the server keeps book of them; undefined while one of them is locked. */
  readonly bytes: number | undefined
  /** When the migration was applied that came last; undefined where there is none, or its books can't be read. */
  readonly migratedAt: Date | undefined
}

/** A table or a view of a schema. */
export interface TableFigures {
  readonly name: string
  readonly kind: 'table' | 'view' | 'materialized view' | 'foreign table'
  /** As the server estimates them; undefined where it does not. */
  readonly rows: number | undefined
  /** With its indexes; undefined of a view, and while it is locked. */
  readonly bytes: number | undefined
}

/** A migration in the books of a tenant. */
export interface AppliedMigration {
  /** File name without extension. */
  readonly name: string
  readonly appliedAt: Date | undefined
}

/** Counts and sizes of schemas, for people who look. */
export interface Figures {
  /** Of some schemas, in two questions for a hundred of them; none for what is not there. */
  ofSchemas(schemas: readonly SchemaName[]): Promise<ReadonlyMap<SchemaName, SchemaFigures>>
  /** By name. */
  tables(schema: SchemaName): Promise<readonly TableFigures[]>
  /** In the order they ran; empty without books. */
  history(schema: SchemaName): Promise<readonly AppliedMigration[]>
}
