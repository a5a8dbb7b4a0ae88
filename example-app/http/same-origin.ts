import type { RequestHandler } from 'express'
import { HttpError } from './http-error'

const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses changes that a page of another site asks for. Browsers say where a request comes from, and a page can't make
 * them lie; what is no browser sends neither header, and has no cookies of a victim's either.
 */
export const sameOrigin: RequestHandler = (req, _res, next) => {
  if (READING.has(req.method) || comesFromHere(req.headers)) next()
  else next(new HttpError(403, 'This request came from another site, so it was refused.'))
}

function comesFromHere(headers: Parameters<RequestHandler>[0]['headers']): boolean {
  const site = headers['sec-fetch-site']
  // `none` is a person's own doing. `same-site` may be a neighbour: another subdomain, or another port of this machine.
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  // Browsers from before 2023, and pages over plain HTTP.
  const { origin, host } = headers
  if (origin === undefined) return true
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()
}
