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
