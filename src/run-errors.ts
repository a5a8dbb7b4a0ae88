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
