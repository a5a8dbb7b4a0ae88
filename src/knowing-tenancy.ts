import type { Finding } from './doctor/finding'
import { ConfigError } from './errors'
import { driftOf } from './fleet/drift'
import type { Drift } from './fleet/drift'
import { contentsOf, figuresOf } from './fleet/figures'
import type { TenantContents, TenantFigures } from './fleet/figures'
import { withoutIgnored } from './fleet/lint-ignores'
import { rehearseAll } from './fleet/rehearse-all'
import type { Rehearsal } from './fleet/rehearse-all'
import type { FleetPlace } from './fleet/plan-fleet'
import { statusFleet } from './fleet/status-fleet'
import type { FleetStatus, LookParts } from './fleet/status-fleet'
import type { TenantStatus } from './lifecycle/results'
import type { LintFinding } from './lint-finding'
import { readMigrationFolder } from './migrations/folder'
import type { DefaultRecord } from './scoped-tenancy'
import type { TenantInput } from './tenant/tenant-id'
import { WorkingTenancy } from './working-tenancy'

/** Whom to look at. */
export interface LookOptions {
  /** Default: all. */
  readonly tenants?: Iterable<TenantInput> | undefined
  /** Connections that look at the same time. Default 4. */
  readonly concurrency?: number | undefined
}

/** The part of a tenancy that tells how its tenants are. */
export class KnowingTenancy<
  Pool = unknown,
  Admin = unknown,
  Record extends object = DefaultRecord,
  CallbackPool = unknown,
> extends WorkingTenancy<Pool, Admin, Record, CallbackPool> {
  /** Where a tenant stands: versions, pending migrations, missing files. */
  status(tenant: TenantInput): Promise<TenantStatus> {
    return this.tenants.status(this.nameOf(tenant))
  }

  /**
   * Where all tenants stand, or some: grouped, in two questions for 50 tenants. Writes nothing.
   * @throws ConfigError, TenantIdError, MigrationFolderError; what is wrong with one tenant is in the answer
   */
  async statusAll(options?: LookOptions): Promise<FleetStatus> {
    return statusFleet(this.#look(options))
  }

  /**
   * How large some tenants are, and when each was last migrated: two questions for a hundred of them, on a connection of its own.
   * Who is not there is left out. Writes nothing.
   * @throws ConfigError, TenantIdError
   */
  async figures(tenants: Iterable<TenantInput>): Promise<readonly TenantFigures[]> {
    return figuresOf(this.placeOf(tenants))
  }

  /**
   * Tables of a tenant with their sizes, and its migrations with when they were applied. Writes nothing.
   * @throws TenantNotFoundError, SchemaNotOursError
   */
  async contents(tenant: TenantInput): Promise<TenantContents> {
    return contentsOf(this.placeOf([]), this.nameOf(tenant))
  }

  /**
   * Looks through all migrations, in both directions, without a database: for what is refused (errors), and for what is to be
   * thought of in a fleet (warnings). What a program asks the database for is looked at when it runs.
   * @throws MigrationFolderError for a file that can't be loaded; ConfigError where the engine has no server
   */
  async lint(): Promise<readonly LintFinding[]> {
    const findings = await this.engine.lint?.(await readMigrationFolder(this.settings.migrations))
    if (findings === undefined) throw new ConfigError(['This engine has no server, and no migrations.'])
    return withoutIgnored(findings)
  }

  /**
   * Runs all migrations where nobody sees it, and takes all of it back: on PostgreSQL in a transaction, on MySQL in a database of
   * its own, forwards and back.
   * @throws MigrationRefusedError, MigrationFailedError, MigrationFolderError
   */
  async rehearse(): Promise<Rehearsal> {
    return rehearseAll(this.placeOf(undefined))
  }

  /**
   * Compares how tenants with the same migrations are built: tables, columns, indexes, constraints, functions, types, triggers, views.
   * Most of each version are the norm. Writes nothing.
   */
  async drift(options?: LookOptions): Promise<Drift> {
    return driftOf(this.#look(options))
  }

  /** Looks at the set-up in the database, changes nothing, and tells what is wrong: errors first. See docs/doctor.md. */
  async doctor(): Promise<readonly Finding[]> {
    const findings = (await this.engine.diagnose?.(this.settings.prefix)) ?? []
    return [...findings].sort((one, other) => one.severity.localeCompare(other.severity))
  }

  /** Whom a call is for; each is named at once, so that a bad id stops it before it begins, and counts once. */
  protected placeOf(tenants: Iterable<TenantInput> | undefined): FleetPlace {
    const named = tenants === undefined ? undefined : [...tenants].map(this.nameOf)
    return {
      engine: this.engine,
      owner: { tenancy: this.settings.name, prefix: this.settings.prefix },
      readFiles: () => readMigrationFolder(this.settings.migrations),
      names: named && [...new Map(named.map((one) => [one.schema, one])).values()],
    }
  }

  #look({ tenants, concurrency = 4 }: LookOptions = {}): LookParts {
    expectCount(concurrency)
    return { ...this.placeOf(tenants), concurrency }
  }
}

/** @throws ConfigError for what is no number of connections */
export function expectCount(concurrency = 1): void {
  if (Number.isSafeInteger(concurrency) && concurrency >= 1) return
  throw new ConfigError(['The option `concurrency` must be a whole number from 1.'])
}
