import { html } from '../html'
import type { Html } from '../html'
import { linkTo } from '../request'

/** What stands in the frame of all pages. */
export interface Page {
  /** Without the name of the page that it is on. */
  readonly title: string
  readonly content: Html
  /** Beside the heading: links and buttons. */
  readonly actions?: Html | undefined
  /** Above the heading. */
  readonly kicker?: Html | undefined
  /** Loads itself again after so many seconds where no script runs. */
  readonly refreshSeconds?: number | undefined
  /** Has what the script looks for. */
  readonly hasScript?: boolean | undefined
}

/** What the frame itself shows. */
export interface Frame {
  readonly base: string
  readonly title: string
  readonly isReadOnly: boolean
  /** A sentence on what was done just now. */
  readonly note: string | undefined
  /** A migration of the fleet is on. */
  readonly isRunning: boolean
  /** Path of the page, for the navigation. */
  readonly path: string
}

const SECTIONS: readonly (readonly [path: string, label: string])[] = [
  ['/', 'Fleet'],
  ['/dropped', 'Dropped'],
  ['/checks', 'Checks'],
  ['/run', 'Run'],
]

/** A whole page. */
export function layout(page: Page, frame: Frame): Html {
  const { base, title, isReadOnly, note, isRunning } = frame
  const { refreshSeconds } = page
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title} · ${title}</title>
        <link rel="icon" href="${base}/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="${base}/assets/admin.css" />
        ${refreshSeconds !== undefined && html`<noscript><meta http-equiv="refresh" content="${refreshSeconds}" /></noscript>`}
        ${page.hasScript === true && html`<script src="${base}/assets/admin.js" defer></script>`}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header class="top">
          <a class="brand" href="${linkTo(base, '/')}"
            ><img src="${base}/assets/icon.svg" alt="" width="20" height="20" />${title}</a
          >
          <nav aria-label="Sections">
            <ul>
              ${SECTIONS.map(([path, label]) => item(frame, path, label))}
            </ul>
          </nav>
          ${isReadOnly && html`<span class="badge">read-only</span>`}
        </header>
        <main id="content" tabindex="-1">
          ${note !== undefined && html`<p class="note" role="status">${note}</p>`}
          ${
            isRunning &&
            frame.path !== '/run' &&
            html`<p class="note busy">
              A migration of the fleet is running. <a href="${linkTo(base, '/run')}">Watch it</a>
            </p>`
          }
          <div class="heading">
            <div>
              ${page.kicker !== undefined && html`<p class="kicker">${page.kicker}</p>`}
              <h1>${page.title}</h1>
            </div>
            ${page.actions !== undefined && html`<div class="actions">${page.actions}</div>`}
          </div>
          ${page.content}
        </main>
      </body>
    </html> `
}

function item({ base, path: here }: Frame, path: string, label: string): Html {
  const isHere = path === '/' ? here === '/' || here.startsWith('/tenant') : here.startsWith(path)
  return html`<li><a href="${linkTo(base, path)}" ${isHere && html`aria-current="page"`}>${label}</a></li>`
}
