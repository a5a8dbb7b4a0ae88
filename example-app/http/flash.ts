import type { Request, Response } from 'express'

/** What the next page says at its top. */
export interface Flash {
  readonly kind: 'info' | 'danger'
  readonly text: string
}

const COOKIE = 'flash'
const MAX_AGE_MS = 60_000

/** Leaves a message for the next page: in a cookie, so that the server keeps nothing. */
export function leaveFlash(res: Response, { kind, text }: Flash): void {
  res.cookie(COOKIE, `${kind}:${text}`, { httpOnly: true, sameSite: 'lax', maxAge: MAX_AGE_MS })
}

/** Takes the message that was left, once. Anybody can write a cookie of their own: it is text, to be escaped. */
export function takeFlash(req: Request, res: Response): Flash | undefined {
  const value = readCookie(req.headers.cookie ?? '')
  if (value === undefined) return undefined
  res.clearCookie(COOKIE, { httpOnly: true, sameSite: 'lax' })
  const [, kind, text] = /^(info|danger):(.+)$/s.exec(value) ?? []
  return text === undefined ? undefined : { kind: kind as Flash['kind'], text }
}

function readCookie(header: string): string | undefined {
  const pair = header.split(/; */).find((each) => each.startsWith(`${COOKIE}=`))
  try {
    return pair && decodeURIComponent(pair.slice(COOKIE.length + 1))
  } catch {
    return ''
  }
}
