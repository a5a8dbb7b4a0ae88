import { RowhouseError } from './rowhouse-error'
import type { ErrorDetails } from './rowhouse-error'

/** Work for one of many tenants failed; `cause` is its error, `tenant` says whose it was. */
export class TenantWorkError extends RowhouseError {
  constructor(message: string, details: ErrorDetails & { readonly tenant: string }) {
    super('ROWHOUSE_TENANT_WORK', message, details)
  }
}

/** A hook of the application failed; `cause` is its error. */
export class HookError extends RowhouseError {
  /** `afterCreate` */
  readonly hook: string

  constructor(hook: string, message: string, details: ErrorDetails & { readonly tenant: string }) {
    super('ROWHOUSE_HOOK_FAILED', message, details)
    this.hook = hook
  }
}

/** A tenant's schema can't be renamed, because something in it would not come along. Nothing was changed. */
export class TenantMoveError extends RowhouseError {
  /** What stands in the way, `view tenant_acme.all_widgets`. */
  readonly objects: readonly string[]

  constructor(message: string, details: ErrorDetails & { readonly objects: readonly string[] }) {
    super('ROWHOUSE_TENANT_MOVE', message, details)
    this.objects = details.objects
  }
}

/** A transaction was not committed as it was meant: nothing of it is kept, or of the part that was inside another one. */
export class TransactionError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_TRANSACTION', message, details)
  }
}

/** There is no such row. Answers 404. */
export class RowNotFoundError extends RowhouseError {
  readonly table: string

  constructor(table: string, what: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_ROW_NOT_FOUND', `There is no row in "${table}" with ${what}.`, {
      status: 404,
      ...details,
    })
    this.table = table
  }
}

/** One row was asked for and there are several. */
export class SeveralRowsError extends RowhouseError {
  readonly table: string

  constructor(table: string, what: string, details: ErrorDetails = {}) {
    super(
      'ROWHOUSE_SEVERAL_ROWS',
      `There is more than one row in "${table}" with ${what}, where one was asked for.`,
      details,
    )
    this.table = table
  }
}

/** A part of a path could lead out of the tenant's folder, or means something else to another system. Answers 400. */
export class TenantPathError extends RowhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('ROWHOUSE_TENANT_PATH', message, { status: 400, ...details })
  }
}
