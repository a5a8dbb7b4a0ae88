import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { addCookie, cookieOf } from './headers'
import { cookiesOf } from './request'
import type { AdminRequest, AdminResponse } from './request'

/** Name of the cookie that a browser is known by. */
const COOKIE = 'rowhouse_admin'
/** Name of the field in each form. */
export const TOKEN_FIELD = '_token'
/** 18 random bytes, base64url. */
const VALUE = /^[\w-]{24}$/

/** Ties forms to the browser that they were made for. */
export interface Csrf {
  /** The token for the forms of a page; a browser without a cookie gets one. */
  tokenFor(req: AdminRequest, res: AdminResponse, base: string): string
  /** Why a change must not be made; undefined where it may. */
  problemOf(req: AdminRequest, token: string | undefined): string | undefined
}

/** @param secret - the same in all processes that serve one page */
export function createCsrf(secret: string | Buffer): Csrf {
  const sign = (value: string): string => createHmac('sha256', secret).update(value).digest('base64url')
  const valuesOf = (req: AdminRequest): readonly string[] =>
    cookiesOf(req, COOKIE).filter((value) => VALUE.test(value))
  return {
    tokenFor(req, res, base) {
      const [known] = valuesOf(req)
      const value = known ?? randomBytes(18).toString('base64url')
      if (known === undefined) addCookie(res, cookieOf(req, base, { name: COOKIE, value }))
      return sign(value)
    },
    problemOf(req, token = '') {
      if (!isFromHere(req)) return 'It was sent by a page of another site.'
      const values = valuesOf(req)
      if (values.length === 0) return 'It came without the cookie of this page: it may have been blocked.'
      if (values.some((value) => isSame(sign(value), token))) return undefined
      return 'Its token does not belong to this browser: the page may be from before a restart of the server.'
    },
  }
}

/**
 * Whether a request was made by a page of this site, or by a person, as far as the browser tells. What is no browser sends
 * neither header, and has no cookies of a victim's either.
 */
export function isFromHere({ headers, hostname }: AdminRequest): boolean {
  const site = headers['sec-fetch-site']
  // `none` is a person's own doing. `same-site` may be a neighbour: another subdomain, or another port of this machine.
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  // Browsers from before 2023, and pages over plain HTTP.
  const { origin, host } = headers
  if (origin === undefined) return true
  if (!URL.canParse(origin)) return false
  const from = new URL(origin)
  // Behind a proxy that the application trusts, `hostname` is what the browser sees.
  return from.host === host?.toLowerCase() || from.hostname === hostname?.toLowerCase()
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
