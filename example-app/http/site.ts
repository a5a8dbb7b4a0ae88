import type { Request, Response } from 'express'

/**
 * Where another host of this server is, as the request came: `http://acme.localhost:4000`.
 *
 * @param host - `acme.localhost`
 */
export function originOf(req: Request, host: string): string {
  const port = /:\d+$/.exec(req.headers.host ?? '')?.[0] ?? ''
  return `${req.protocol}://${host}${port}`
}

/** Says that the main pages are not here but at another origin, `http://localhost:4000`. */
export function setMainOrigin(res: Response, origin: string): void {
  res.locals.mainOrigin = origin
}

/** What goes in front of the addresses of the main pages: nothing where they are. */
export function mainOriginOf(res: Response): string {
  return String(res.locals.mainOrigin ?? '')
}
