import type { Flash } from '../http/flash'
import { html } from './html'
import type { Html } from './html'

/** A page without what is around all pages. */
export interface Page {
  /** Heading of the page, `Listing widgets`. */
  readonly title: string
  /** Where the page is: the links above the heading. */
  readonly trail?: readonly Link[]
  readonly content: Html
}

/** A link by its text. */
export interface Link {
  readonly text: string
  readonly href: string
}

/** A whole document. */
export function layout({ title, trail = [], content }: Page, flash: Flash | undefined): string {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Rowhouse example</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header>
          <a class="brand" href="/">Rowhouse example</a>
          <nav aria-label="Main"><a href="/tenants">Tenants</a></nav>
        </header>
        <main id="main">
          ${flash && html`<p class="flash ${flash.kind}" role="status">${flash.text}</p>`}
          ${
            trail.length > 0 &&
            html`<nav class="trail" aria-label="You are here">
              ${trail.map(({ text, href }) => html`<a href="${href}">${text}</a>`)}
            </nav>`
          }
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html> `
  return document.toString()
}
