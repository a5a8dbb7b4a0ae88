import { readThrown } from '../thrown'
import { createCsrf } from './csrf'
import { Failures } from './failures'
import { FleetMemory } from './fleet-memory'
import { setHeaders } from './headers'
import { parseAdminOptions } from './options'
import type { AdminOptions } from './options'
import { baseOf, targetOf } from './request'
import type { AdminRequest, AdminResponse } from './request'
import { Runs } from './runs'
import { serve } from './serve'
import type { Desk } from './visit'

/** What Express 4 and 5, and whatever calls functions like theirs, can mount. */
export type AdminRouter<Req extends AdminRequest = AdminRequest> = (
  req: Req,
  res: AdminResponse,
  next: (error?: unknown) => void,
) => void

const FORBIDDEN =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Forbidden</title><h1>Forbidden</h1></html>\n'

/**
 * Makes the admin page: `app.use('/admin', adminRouter({ tenancy, authorize: (req) => req.user?.isAdmin === true }))`. What it shows
 * and asks the database for is in docs/admin.md.
 *
 * @throws ConfigError without `authorize`, and for other mistakes in the options
 */
export function adminRouter<Req extends AdminRequest = AdminRequest>(
  options: AdminOptions<Req>,
): AdminRouter<Req> {
  const { tenancy, authorize, isReadOnly, title, secret, onAction } = parseAdminOptions(options)
  const memory = new FleetMemory(() => tenancy.statusAll())
  const failures = new Failures()
  const runs = new Runs(
    (given) => tenancy.migrateAll(given),
    failures,
    () => memory.forget(),
  )
  const desk: Desk = { tenancy, title, isReadOnly, csrf: createCsrf(secret), memory, failures, runs }
  const handle = async (req: Req, res: AdminResponse): Promise<void> => {
    const isAllowed = (await authorize(req)) === true
    // Answered by the application, which has a time limit of its own, or nobody waits: what ends with `close` would never end.
    if (res.headersSent || res.destroyed) return
    setHeaders(res)
    if (!isAllowed) return refuse(res)
    const visit = { ...targetOf(req), desk, req, res, base: baseOf(req) }
    // What it does is for no tenant, whoever's turn it is where it is mounted.
    await tenancy.outside(() => serve(visit, async (action) => onAction?.(action, req)))
  }
  return function rowhouseAdmin(req, res, next) {
    handle(req, res).catch((error: unknown) => next(errorOf(error)))
  }
}

/** To Express nothing, `'route'` and `'router'` are no errors: the request would go on, to what stands behind the page. */
function errorOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null
    ? thrown
    : new Error(readThrown(thrown).message, { cause: thrown })
}

/** Tells nothing: who may not come in needs not know what is here. */
function refuse(res: AdminResponse): void {
  const length = Buffer.byteLength(FORBIDDEN)
  res.writeHead(403, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': length }).end(FORBIDDEN)
}
