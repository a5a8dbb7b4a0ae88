import type { Request, Response } from 'express'
import type { Page } from '../views/layout'
import { answer } from './answer'
import type { FieldErrors } from './fields'

/** What was sent, and what is wrong with it: the form again, or a list by field. */
export function answerInvalid(req: Request, res: Response, errors: FieldErrors, page: () => Page): void {
  const message = 'Oops, something went wrong! Please check the errors below:'
  answer(req, res, { status: 422, page, json: { error: { status: 422, message, fields: errors } } })
}
