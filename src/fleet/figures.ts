import type { MigrationWorker } from '../engine'
import { ConfigError } from '../errors'
import { expectOurs } from '../lifecycle/ownership'
import type { TenantNames } from '../lifecycle/options'
import type { AppliedMigration, Figures, SchemaFigures, TableFigures } from '../schema-facts'
import type { FleetPlace } from './plan-fleet'

/** How large a tenant is, and when it was last migrated. */
export interface TenantFigures extends SchemaFigures {
  readonly tenant: string
  /** Name of its schema. */
  readonly prefix: string
}

/** What is in a tenant. */
export interface TenantContents {
  readonly tenant: string
  readonly prefix: string
  /** By name, without those of Rowhouse. */
  readonly tables: readonly TableFigures[]
  /** In the order they ran. */
  readonly migrations: readonly AppliedMigration[]
}

const CHUNK = 100
/** How long to wait for a table that somebody alters: then its size is left out. */
const LOCK_TIMEOUT_MS = 1000

/** Counts and sizes of the tenants that are there. Writes nothing. */
export async function figuresOf({ engine, names = [] }: FleetPlace): Promise<readonly TenantFigures[]> {
  const worker = await engine.openWorker({ lockTimeoutMs: LOCK_TIMEOUT_MS })
  try {
    const all: TenantFigures[] = []
    for (let at = 0; at < names.length; at += CHUNK) {
      const some = names.slice(at, at + CHUNK)
      const found = await figuresIn(worker).ofSchemas(some.map(({ schema }) => schema))
      for (const { id, schema } of some) {
        const figures = found.get(schema)
        if (figures !== undefined) all.push({ tenant: id, prefix: schema, ...figures })
      }
    }
    return all
  } finally {
    await worker.close()
  }
}

/** Tables and books of one tenant. Writes nothing. @throws TenantNotFoundError, SchemaNotOursError */
export async function contentsOf({ engine, owner }: FleetPlace, names: TenantNames): Promise<TenantContents> {
  const { id, schema } = names
  const worker = await engine.openWorker({ lockTimeoutMs: LOCK_TIMEOUT_MS })
  try {
    expectOurs(owner, names, await worker.inspect(schema))
    const figures = figuresIn(worker)
    const tables = await figures.tables(schema)
    return { tenant: id, prefix: schema, tables, migrations: await figures.history(schema) }
  } finally {
    await worker.close()
  }
}

function figuresIn({ figures }: MigrationWorker): Figures {
  if (figures !== undefined) return figures
  throw new ConfigError(['This engine has no server that could be measured.'])
}
