import { randomBytes } from 'node:crypto'
import { engineOf } from '../engine-of'
import { ConfigError } from '../errors'
import type { AdminRequest } from './request'
import type { AdminTenancy } from './visit'

/** What was done from the page, or failed. */
export interface AdminAction {
  readonly action:
    | 'create'
    | 'migrate'
    | 'rollback'
    | 'suspend'
    | 'unsuspend'
    | 'drop'
    | 'undrop'
    | 'migrate-fleet'
    | 'cancel-run'
  /** Id as it was sent; undefined for what is about all. */
  readonly tenant: string | undefined
  /** Undefined: it was done; for the fleet, it was begun. */
  readonly error: unknown
}

/** Options of {@link adminRouter}. */
export interface AdminOptions<Req extends AdminRequest = AdminRequest> {
  readonly tenancy: AdminTenancy
  /**
   * Whether who sends a request may use the page; asked for each one, files and events included. Anything but `true` is answered 403;
   * what it throws goes to `next`.
   */
  readonly authorize: (req: Req) => boolean | Promise<boolean>
  /** Shows everything and changes nothing. Default false. */
  readonly readOnly?: boolean | undefined
  /** Name in the pages' head: of the application, or which one of several tenancies. Default `Rowhouse`. */
  readonly title?: string | undefined
  /** Signs forms: the same in all processes that serve the page, at least 32 characters. Default: a random one for each process. */
  readonly secret?: string | undefined
  /** Is told what somebody did, for a record of it. What it throws goes to `next`. */
  readonly onAction?: ((action: AdminAction, req: Req) => void | Promise<void>) | undefined
}

/** Options, complete. */
export interface AdminSettings<Req extends AdminRequest> {
  readonly tenancy: AdminTenancy
  readonly authorize: AdminOptions<Req>['authorize']
  readonly isReadOnly: boolean
  readonly title: string
  readonly secret: string | Buffer
  readonly onAction: AdminOptions<Req>['onAction']
}

/** Shorter ones can be tried out. */
const MIN_SECRET = 32

/** @throws ConfigError with every mistake */
export function parseAdminOptions<Req extends AdminRequest>(options: AdminOptions<Req>): AdminSettings<Req> {
  const given = Object(options) as Partial<AdminOptions<Req>>
  const { tenancy, authorize, readOnly = false, title = 'Rowhouse', secret, onAction } = given
  const problems: string[] = []
  if (typeof authorize !== 'function')
    problems.push(
      'The admin page needs `authorize: (req) => ...`, which says who may use it: it can drop every tenant.',
    )
  if (engineOf(Object(tenancy) as object) === undefined)
    problems.push('The option `tenancy` must be a tenancy, made by createTenancy().')
  if (typeof readOnly !== 'boolean') problems.push('The option `readOnly` is true or false.')
  if (typeof title !== 'string' || title === '') problems.push('The option `title` is a text.')
  if (secret !== undefined && (typeof secret !== 'string' || secret.length < MIN_SECRET))
    problems.push(`The option \`secret\` is a text of at least ${MIN_SECRET} characters.`)
  if (onAction !== undefined && typeof onAction !== 'function')
    problems.push('The option `onAction` is a function.')
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    ...{ tenancy: tenancy!, authorize: authorize!, isReadOnly: readOnly, title },
    ...{ secret: secret ?? randomBytes(32), onAction },
  }
}
