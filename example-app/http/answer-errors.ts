import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler } from 'express'
import { RowhouseError } from 'rowhouse'
import { html } from '../views/html'
import { answer } from './answer'
import { HttpError } from './http-error'
import { mainOriginOf } from './site'

const MESSAGES: Readonly<Record<number, string>> = { 404: 'Page not found', 500: 'Server internal error' }

/**
 * Answers what went wrong, as a page or as JSON. Most errors bring their status: Express' own, the body parser's, and
 * those of Rowhouse where the fault is the request's. The words of the others are for the log alone.
 */
export function answerErrors(log: (error: unknown) => void): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error)
    const status = statusOf(error)
    if (status >= 500) log(error)
    const message =
      error instanceof HttpError ? error.message : (MESSAGES[status] ?? STATUS_CODES[status] ?? 'Error')
    const code = error instanceof RowhouseError && status < 500 ? { code: error.code } : {}
    answer(req, res, {
      status,
      page: () => ({
        title: message,
        content: html`<p>${status} · <a href="${mainOriginOf(res)}/tenants">Back to the tenants</a></p>`,
      }),
      json: { error: { status, message, ...code } },
    })
  }
}

function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : 500
}
