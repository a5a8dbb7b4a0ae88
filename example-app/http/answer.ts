import type { Request, Response } from 'express'
import { layout } from '../views/layout'
import type { Page } from '../views/layout'
import { leaveFlash, takeFlash } from './flash'
import { mainOriginOf } from './site'

/** One answer in two forms. */
export interface Answer {
  /** Default 200. */
  readonly status?: number
  readonly page: () => Page
  readonly json: unknown
}

/** What to say after a change. */
export interface Change {
  /** To a browser, on the next page: `Widget created successfully.` */
  readonly flash: string
  /** That page. */
  readonly to: string
  /** Address of the record, for a program. Default: that page. */
  readonly address?: string
  /** To a program: 201 for what was made, 200 for what was changed, 204 for what is gone. */
  readonly status: 200 | 201 | 204
  readonly json?: unknown
}

/** What the application can answer with, best first. */
export const FORMS = ['html', 'json']

/** Answers with a page or with JSON, as `Accept` says. */
export function answer(req: Request, res: Response, { status = 200, page, json }: Answer): void {
  res.vary('Accept').status(status)
  if (wantsJson(req)) res.json(json)
  else res.send(layout(page(), { flash: takeFlash(req, res), main: mainOriginOf(res) }))
}

/** Answers after a change: a browser is sent on with a message, a program gets the record. */
export function answerChange(
  req: Request,
  res: Response,
  { flash, to, address = to, status, json }: Change,
): void {
  res.vary('Accept')
  if (!wantsJson(req)) {
    leaveFlash(res, { kind: 'info', text: flash })
    // 303 and not 302, which some clients follow with the method of the request.
    res.redirect(303, to)
  } else if (status === 204) res.status(204).end()
  else res.status(status).location(address).json(json)
}

function wantsJson(req: Request): boolean {
  return req.accepts(FORMS) === 'json'
}
