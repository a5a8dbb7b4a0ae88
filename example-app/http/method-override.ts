import type { RequestHandler } from 'express'

const METHODS = new Set(['PUT', 'PATCH', 'DELETE'])

/** Takes the method from the field `_method` of a form, since a form of a browser can't send it. Behind the body parser. */
export const methodOverride: RequestHandler = (req, _res, next) => {
  const body: unknown = req.body
  if (req.method === 'POST' && req.is('urlencoded') && typeof body === 'object' && body !== null) {
    const wanted = '_method' in body && String(body._method).toUpperCase()
    if (wanted && METHODS.has(wanted)) req.method = wanted
  }
  next()
}
