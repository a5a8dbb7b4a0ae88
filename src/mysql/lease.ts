/** Where the commands of a loan are to run. */
export interface Target {
  /** The database, `tenant_acme`; for shared tables the connection's own. */
  readonly database: string
  /** Tenant id for messages; undefined for shared tables. */
  readonly tenant: string | undefined
  /** The packet that makes the database the current one. */
  readonly enter: Buffer
  /** The statement that takes the tenant's role; undefined where it has none. */
  readonly role: string | undefined
}

/** One loan of a connection: whose commands it runs, until its end. */
export interface Lease {
  readonly target: Target
  /** Handed out by `getConnection()`: what runs on it is the caller's choice. */
  readonly isLent: boolean
  /** False once the connection went back to the pool. */
  isActive: boolean
  /** Why a command may not be sent, now that its turn has come: what was before it has ended the transaction that it belongs to. */
  problemOf?: ((text: string | undefined) => Error | undefined) | undefined
}
