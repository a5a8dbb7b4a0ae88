import type { Flash } from '../http/flash'
import { html } from './html'
import type { Html } from './html'

/** A page without what is around all pages. */
export interface Page {
  /** Heading of the page, `Listing widgets`. */
  readonly title: string
  /** Whose site it is. Default: this application's. */
  readonly brand?: Link
  /** Where the page is: the links above the heading. */
  readonly trail?: readonly Link[]
  /** The pages beside it. */
  readonly tabs?: readonly Tab[]
  readonly content: Html
}

/** A link by its text. */
export interface Link {
  readonly text: string
  readonly href: string
}

/** A link, of which one of several is to where the page is. */
export interface Tab extends Link {
  readonly isCurrent: boolean
}

/** What a page does not know by itself. */
export interface Around {
  /** Left by the page before. */
  readonly flash: Flash | undefined
  /** In front of the addresses of the main pages, `http://localhost:4000`; empty where they are here. */
  readonly main: string
}

/** A whole document. */
export function layout(page: Page, { flash, main }: Around): string {
  const { title, brand = { text: 'Rowhouse example', href: '/' }, trail = [], tabs = [], content } = page
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · ${brand.text}</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header>
          <a class="brand" href="${brand.href}">${brand.text}</a>
          ${mainLinks(main)}
        </header>
        <main id="main">
          ${flash && html`<p class="flash ${flash.kind}" role="status">${flash.text}</p>`}
          ${trail.length > 0 && trailNav(trail)}
          <h1>${title}</h1>
          ${tabs.length > 0 && tabNav(tabs)} ${content}
        </main>
        <footer>A schema per tenant, by <a href="https://www.npmjs.com/package/rowhouse">Rowhouse</a></footer>
      </body>
    </html> `
  return document.toString()
}

/** On a tenant's own site one link leads back. */
function mainLinks(main: string): Html {
  const links: readonly Link[] =
    main === ''
      ? [
          { text: 'Tenants', href: '/tenants' },
          { text: 'Report', href: '/report' },
          { text: 'Admin', href: '/admin' },
          { text: 'Sign up', href: '/sign-up' },
        ]
      : [{ text: 'All tenants', href: `${main}/tenants` }]
  return html`<nav aria-label="Main">
    ${links.map(({ text, href }) => html`<a href="${href}">${text}</a>`)}
  </nav>`
}

function trailNav(trail: readonly Link[]): Html {
  return html`<nav class="trail" aria-label="You are here">
    ${trail.map(({ text, href }) => html`<a href="${href}">${text}</a>`)}
  </nav>`
}

function tabNav(tabs: readonly Tab[]): Html {
  return html`<nav class="tabs" aria-label="Of this tenant">
    ${tabs.map(
      ({ text, href, isCurrent }) =>
        html`<a href="${href}" ${isCurrent && html`aria-current="true"`}>${text}</a>`,
    )}
  </nav>`
}
