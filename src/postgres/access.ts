import type { Client } from 'pg'
import type { SchemaName } from '../tenant/schema-name'
import type { Bookkeeping } from './bookkeeping'
import { grantExisting, lookInto, readingGrants, revokeUse, useGrants } from './grants'
import { MARK_TABLE, markTable } from './marks'
import { dropRole, expectNoStranger, expectRoleMaker, hasRole, makeRole, moveRole } from './tenant-role'
import { inTransaction } from './transaction'

/** How the application comes to its rights in tenants. Everything but `settle` is to be called in a transaction. */
export interface Access {
  /** Who reads the books of a tenant; undefined where its owner is the application itself. */
  readonly readerIn: (schema: SchemaName) => string | undefined
  /** @throws ConfigError, SchemaNotOursError where a tenant of this name can't be granted. Needs no transaction. */
  expectRoom(schema: SchemaName): Promise<void>
  /** Makes the reader of a schema that is there, before its books are made. */
  makeReader(schema: SchemaName): Promise<void>
  /** Lets the application into a new schema that has nothing but its mark. */
  give(schema: SchemaName): Promise<void>
  /** The same as SQL; undefined where that must be asked for. */
  readonly gifts: ((schema: SchemaName) => string) | undefined
  /** Lets it into one that has tables, books and a reader. */
  giveExisting(schema: SchemaName, bookkeeping: Bookkeeping): Promise<void>
  /** Whether nothing is to be settled; missing where nothing ever is. Needs no transaction. */
  readonly isSettled?: (schema: SchemaName) => Promise<boolean>
  /** Completes what a tenant lacks, that was made otherwise. Needs no transaction. */
  settle(schema: SchemaName, bookkeeping: Bookkeeping): Promise<void>
  /** The schema is about to get another name. @throws TenantMoveError */
  move(from: SchemaName, to: SchemaName, tenant: string): Promise<void>
  /** The schema is gone. */
  take(schema: SchemaName): Promise<void>
}

/** What {@link accessOf} goes by. */
export interface AccessOptions {
  /** The application's; undefined where it is the owner, who needs no grants. */
  readonly applicationRole: string | undefined
  readonly isolation: 'schema' | 'role'
}

/** The way that the options want, on the owner's connection. */
export function accessOf(client: Client, { applicationRole, isolation }: AccessOptions): Access {
  if (applicationRole === undefined) return NONE
  return isolation === 'role' ? byRole(client, applicationRole) : byGrant(client, applicationRole)
}

const nothing = async (): Promise<void> => {}
const NONE: Access = {
  readerIn: () => undefined,
  ...{ expectRoom: nothing, makeReader: nothing, give: nothing },
  ...{ giveExisting: nothing, settle: nothing, take: nothing, move: nothing },
  gifts: () => '',
}

function byGrant(client: Client, role: string): Access {
  const gifts = (schema: SchemaName): string =>
    `${useGrants(schema, role)}; ${readingGrants(markTable(schema), role)}`
  return {
    ...NONE,
    readerIn: () => role,
    gifts,
    give: async (schema) => void (await client.query(gifts(schema))),
    giveExisting: (schema, bookkeeping) => giveAll(client, schema, role, bookkeeping),
  }
}

function byRole(client: Client, application: string): Access {
  const makeReader: Access['makeReader'] = async (schema) => {
    await expectNoStranger(client, schema, application)
    await makeRole(client, schema, application)
  }
  const lookIn = (schema: SchemaName): Promise<void> =>
    lookInto(client, schema, markTable(schema), application)
  const giveExisting: Access['giveExisting'] = async (schema, bookkeeping) => {
    await giveAll(client, schema, schema, bookkeeping)
    // Of a tenant that was made without roles. Last: until here the application could work in it all the same.
    await revokeUse(client, schema, application)
    await lookIn(schema)
  }
  return {
    readerIn: (schema) => schema,
    gifts: undefined,
    isSettled: (schema) => hasRole(client, schema, application, MARK_TABLE),
    async expectRoom(schema) {
      await expectRoleMaker(client, application)
      await expectNoStranger(client, schema, application)
    },
    makeReader,
    async give(schema) {
      await makeReader(schema)
      await client.query(useGrants(schema, schema))
      await client.query(readingGrants(markTable(schema), schema))
      await lookIn(schema)
    },
    giveExisting,
    async settle(schema, bookkeeping) {
      await expectRoleMaker(client, application)
      if (await hasRole(client, schema, application, MARK_TABLE)) return
      await inTransaction(client, async () => {
        await makeReader(schema)
        await bookkeeping.ensure(schema)
        await giveExisting(schema, bookkeeping)
      })
    },
    move: (from, to, tenant) => moveRole(client, { from, to, application, tenant }),
    take: (schema) => dropRole(client, schema, application),
  }
}

async function giveAll(
  client: Client,
  schema: SchemaName,
  role: string,
  bookkeeping: Bookkeeping,
): Promise<void> {
  await client.query(useGrants(schema, role))
  await grantExisting(client, schema, role)
  for (const table of [markTable(schema), bookkeeping.tableIn(schema)])
    await client.query(readingGrants(table, role))
}
