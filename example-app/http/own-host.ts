import type { RequestHandler } from 'express'
import { HttpError } from './http-error'

/**
 * Answers at the names of this machine only. A page of another site can point its own name here and is then, to the browser, of
 * the same site as these pages: the name that it asks for still gives it away.
 *
 * @param root - in front of which tenants have theirs: `localhost`
 */
export function ownHost(root: string): RequestHandler {
  return ({ hostname = '' }, _res, next) => {
    const name = hostname.toLowerCase()
    const isOwn = [root, '127.0.0.1', '[::1]'].includes(name) || name.endsWith(`.${root}`)
    next(isOwn ? undefined : new HttpError(421, 'This site has another name.'))
  }
}
