import { ConfigError } from '../errors'
import { grantPatternOf, grantUse, parseAccount, revokeUse } from './grants'
import type { Account } from './grants'
import type { MigrationSession } from './migration-session'
import { dropRole, expectRoom, giveRole, hasRole } from './tenant-role'

/** How the application comes to its rights in tenants. */
export interface Access {
  /** @throws TenantIdError, SchemaNotOursError where a tenant of this name can't be granted */
  expectRoom(schema: string): Promise<void>
  /** Lets the application into a database that has the table of its mark. */
  give(schema: string): Promise<void>
  /** The same, for one that mostly has it already. */
  settle(schema: string): Promise<void>
  /** Whether it has it; missing where nothing is ever to be settled. */
  readonly isSettled?: (schema: string) => Promise<boolean>
  /** The database is gone. */
  take(schema: string): Promise<void>
}

/** What {@link accessOf} goes by. */
export interface AccessOptions {
  /** Finds the application's account, `app@%`; undefined where it is to be granted nothing. */
  readonly application: () => Promise<string | undefined>
  readonly isolation: 'database' | 'role'
}

/** The way that the options want, on the owner's connection. */
export function accessOf(session: MigrationSession, { application, isolation }: AccessOptions): Access {
  return isolation === 'role' ? byRole(session, application) : byGrant(session, application)
}

function byGrant(session: MigrationSession, application: AccessOptions['application']): Access {
  const grantee = async (): Promise<Account | undefined> => {
    const account = await application()
    return account === undefined || account === session.facts.account ? undefined : parseAccount(account)
  }
  return {
    async expectRoom(schema) {
      if ((await grantee()) !== undefined) grantPatternOf(schema)
    },
    async give(schema) {
      const account = await grantee()
      if (account !== undefined) await grantUse(session, schema, account)
    },
    settle: async () => {},
    async take(schema) {
      const account = await grantee()
      if (account !== undefined) await revokeUse(session, schema, account)
    },
  }
}

function byRole(session: MigrationSession, application: AccessOptions['application']): Access {
  const grantee = async (): Promise<Account> => {
    const account = await application()
    if (account !== undefined && account !== session.facts.account) return parseAccount(account)
    throw new ConfigError([
      `The application and the owner of \`migrationUrl\` are one account (${session.facts.account}), which has all rights in ` +
        'all tenants: with `isolation: "role"` they must be two.',
    ])
  }
  const give = async (schema: string): Promise<void> => {
    const account = await grantee()
    await giveRole(session, schema, account)
    // Of a tenant that was made without roles. Last: until here the application could work in it all the same.
    await revokeUse(session, schema, account)
  }
  return {
    async expectRoom(schema) {
      await grantee()
      await expectRoom(session, schema)
    },
    give,
    isSettled: async (schema) => hasRole(session, schema, await grantee()),
    async settle(schema) {
      if (!(await hasRole(session, schema, await grantee()))) await give(schema)
    },
    async take(schema) {
      const account = await grantee()
      await dropRole(session, schema, account)
      await revokeUse(session, schema, account)
    },
  }
}
