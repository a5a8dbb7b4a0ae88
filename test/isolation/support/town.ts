import { createTenancy } from '../../../src/tenancy'
import type { Tenancy } from '../../../src/tenancy'
import { postgres } from '../../../src/postgres/postgres'
import { expectNoConnections } from '../../support/leak-guard'
import { MigrationFolder } from '../../support/migrations'
import type { Order } from './lifecycle'
import { Registry } from './registry'
import { dropPrefix, uniquePrefix, withOwner } from '../../support/servers'
import type { TestServer } from '../../support/servers'

const TENANTS = 20

// `token` is not unique on purpose: a write that ran twice must show as two rows and not as an error.
const MIGRATIONS = {
  '20200101000000_create_items.sql': `-- Up Migration
create table items (id bigserial primary key, token text not null, tenant text not null);
-- Down Migration
drop table items;
`,
  '20200102000000_create_wander.sql': `-- Up Migration
create function wander(path text) returns text language sql
  as $$ select set_config('search_path', path, false) $$;
create function remember(who text) returns text language sql
  as $$ select set_config('app.user', who, false) $$;
create function take_role(name text) returns text language sql
  as $$ select set_config('role', name, false) $$;
create function make_temporary(who text) returns void language plpgsql as $$
  begin execute format('create temporary table if not exists temp_of_%s (id int)', who); end $$;
-- Down Migration
drop function make_temporary(text);
drop function take_role(text);
drop function remember(text);
drop function wander(text);
`,
  '20200103000000_add_note.sql': `-- Up Migration
alter table items add note text;
-- Down Migration
alter table items drop note;
`,
}

/** What a tenant's table holds. */
export interface Item {
  /** Id of the tenant that the row was meant for, a slash, and a unique name: `t07/2-113-0`. */
  readonly token: string
  /** Id of the tenant whose table it is in. */
  readonly tenant: string
}

/**
 * Twenty tenants on one server, each with `items (id, token, tenant)`, where `tenant` says by default whose table it is and
 * row 1 is a canary; `wander(path)` and the view `astray` hide a change of search_path, `remember(who)` and `remembering` one of
 * `app.user`.
 */
export class Town {
  readonly server: TestServer
  readonly prefix: string
  /** Ids, `t01` to `t20`. */
  readonly tenants = Array.from({ length: TENANTS }, (_, index) => `t${String(index + 1).padStart(2, '0')}`)
  readonly isolation: 'schema' | 'role'
  #built: readonly string[] = []
  /** What makes and drops tenants of this town beside the pool under test. */
  readonly registry: Registry
  readonly #migrations = new MigrationFolder(MIGRATIONS)

  /** @param isolation - `role`: each tenant has a role of its own */
  constructor(server: TestServer, title: string, isolation: 'schema' | 'role' = 'schema') {
    this.server = server
    this.isolation = isolation
    this.prefix = uniquePrefix(title)
    this.registry = new Registry(() => this.#order())
  }

  /** Name under which the server sees the connections of the pool under test. */
  get applicationName(): string {
    return this.prefix
  }

  schema(tenant: string): string {
    return this.prefix + tenant
  }

  async build(): Promise<void> {
    const tenancy = this.#tenancy()
    try {
      for (const tenant of this.tenants) await tenancy.create(tenant)
    } finally {
      await tenancy.close()
    }
    await withOwner(this.server, async (owner) => {
      for (const [index, tenant] of this.tenants.entries()) {
        const schema = owner.escapeIdentifier(this.schema(tenant))
        const next = this.schema(this.tenants[(index + 1) % TENANTS]!)
        await owner.query(
          `alter table ${schema}.items alter tenant set default '${tenant}';
           insert into ${schema}.items (token) values ('${canaryOf(tenant)}');
           create view ${schema}.astray as select set_config('search_path', '${next}', false);
           create view ${schema}.remembering as select set_config('app.user', '${tenant}', false)`,
        )
      }
    })
    this.#built = await this.#tables()
  }

  /** Leaves nothing but the canaries, as the town was built. */
  async reset(): Promise<void> {
    const strays = await this.strayTables()
    await withOwner(this.server, async (owner) => {
      for (const tenant of this.tenants) {
        const table = `${owner.escapeIdentifier(this.schema(tenant))}.items`
        await owner.query(
          `truncate ${table} restart identity; insert into ${table} (token) values ('${canaryOf(tenant)}')`,
        )
      }
      for (const stray of strays) await owner.query(`drop table if exists ${stray} cascade`)
    })
  }

  /** What really is in each tenant's table, seen by the owner. */
  items(): Promise<ReadonlyMap<string, readonly (Item & { readonly id: string })[]>> {
    return withOwner(this.server, async (owner) => {
      const all = new Map<string, (Item & { id: string })[]>()
      for (const tenant of this.tenants) {
        const table = `${owner.escapeIdentifier(this.schema(tenant))}.items`
        const { rows } = await owner.query<Item & { id: string }>(
          `select id, token, tenant from ${table} order by id`,
        )
        all.set(tenant, rows)
      }
      return all
    })
  }

  /** Tables and views in `public` and in the tenants' schemas that were not there when the town was built, as `schema.name`. */
  async strayTables(): Promise<readonly string[]> {
    const tables = await this.#tables()
    return tables.filter((name) => !this.#built.includes(name))
  }

  #tenancy(): Tenancy {
    const { isolation, server, prefix } = this
    const engine = postgres({ connectionString: server.appUrl, migrationUrl: server.ownerUrl, isolation })
    return createTenancy({ engine, prefix, migrations: this.#migrations.path })
  }

  #order(): Order {
    const { server, prefix, isolation } = this
    const { appUrl, ownerUrl } = server
    const isHard = isolation === 'role'
    return { engine: 'postgres', appUrl, ownerUrl, prefix, migrations: this.#migrations.path, isHard }
  }

  #tables(): Promise<string[]> {
    return withOwner(this.server, async (owner) => {
      const { rows } = await owner.query<{ name: string }>(
        `select nspname || '.' || relname as name from pg_class join pg_namespace n on n.oid = relnamespace
          where relkind in ('r', 'p', 'v', 'm')
            and (starts_with(nspname, $1) or nspname = 'public' and relname = 'items')`,
        [this.prefix],
      )
      return rows.map(({ name }) => name)
    })
  }

  /** Sees to it that no connection of the pool under test is left, and drops everything. */
  async clear(): Promise<void> {
    await this.registry.close()
    this.#migrations.remove()
    try {
      await expectNoConnections(this.server, this.applicationName)
    } finally {
      await dropPrefix(this.server, this.prefix)
    }
  }
}

/** Token of the row that each tenant's table begins with. */
export function canaryOf(tenant: string): string {
  return `${tenant}/canary`
}
