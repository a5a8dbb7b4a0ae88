import type { AdminRequest, AdminResponse } from './request'

/** Headers of every answer: what the pages have no need of is refused by the browser, and nothing is kept. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
    "frame-ancestors 'none'; base-uri 'none'",
  // Also of what no `compression` may hold back.
  'Cache-Control': 'no-store, no-transform',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Not `no-referrer`: with it a browser sends `Origin: null` with the forms of this very site.
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}

/** Sets the headers of every answer, over whatever the application has set. */
export function setHeaders(res: AdminResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value)
}

/** A cookie that only this page gets, from its own site, and no script. */
export function cookieOf(
  req: AdminRequest,
  base: string,
  cookie: { readonly name: string; readonly value: string; readonly maxAge?: number },
): string {
  const isSecure = req.secure ?? 'encrypted' in req.socket
  const age = cookie.maxAge === undefined ? '' : `; Max-Age=${cookie.maxAge}`
  const path = base === '' ? '/' : base
  return `${cookie.name}=${cookie.value}; Path=${path}; HttpOnly; SameSite=Strict${age}${isSecure ? '; Secure' : ''}`
}

/** Adds a cookie beside those that the application has set. */
export function addCookie(res: AdminResponse, cookie: string): void {
  const set = res.getHeader('Set-Cookie') ?? []
  res.setHeader('Set-Cookie', [...(Array.isArray(set) ? set : [String(set)]), cookie])
}
