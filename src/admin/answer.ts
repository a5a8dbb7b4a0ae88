import { leaveNote, takeNote } from './notes'
import type { NoteName } from './notes'
import { layout } from './pages/layout'
import type { Page } from './pages/layout'
import { linkTo } from './request'
import type { Visit } from './visit'

/** Where to go after a change, and what to tell there. */
export interface Done {
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly note?: { readonly name: NoteName; readonly count?: number }
}

/** Answers with a page. */
export function answerPage(visit: Visit, page: Page, status = 200): void {
  const { desk, req, res, base, path } = visit
  const note = takeNote(req, res, base)
  const { title, isReadOnly, runs } = desk
  const isRunning = runs.running !== undefined
  const text = layout(page, { base, title, isReadOnly, note, isRunning, path }).toString()
  answerText(visit, { status, type: 'text/html; charset=utf-8', content: text })
}

/** Answers with a text or the bytes of a file. */
export function answerText(
  { res }: Pick<Visit, 'res'>,
  {
    status,
    type,
    content,
  }: { readonly status: number; readonly type: string; readonly content: string | Buffer },
): void {
  // By the application, which has a time limit of its own.
  if (res.headersSent) return
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(content) }).end(content)
}

/** Sends the browser on after a change: 303 and not 302, which some clients follow with the method of the request. */
export function answerDone({ req, res, base }: Visit, { path, query, note }: Done): void {
  if (res.headersSent) return
  if (note !== undefined) leaveNote(req, res, base, note)
  res.writeHead(303, { Location: linkTo(base, path, query) }).end()
}
