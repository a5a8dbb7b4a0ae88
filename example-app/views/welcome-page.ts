import { html } from './html'
import type { Html } from './html'
import type { Page } from './layout'
import { links } from './parts'

const IDEAS: readonly (readonly [title: string, text: string])[] = [
  ['One query, many tenants', 'Sign up twice, give each tenant a widget, and look who sees what.'],
  ['At its own address', 'Each tenant is at acme.localhost as well, and nothing of the pages had to change.'],
  ['In the background', 'An import goes on after the request, and still knows whose it is.'],
  [
    'All of them at once',
    'The report counts the widgets of every tenant, a hundred of them in one statement.',
  ],
]

/** The first page. */
export const welcomePage: Page = {
  title: 'Welcome to Rowhouse!',
  content: html`<p class="lead">
      Every tenant has a PostgreSQL schema or a MySQL database of its own, and the code that shows its widgets
      knows nothing of that:
    </p>
    <pre tabindex="0"><code>await tenancy.pool.query('select * from widgets')</code></pre>
    ${links({ text: 'Sign up', href: '/sign-up', kind: 'primary' }, { text: 'Tenants', href: '/tenants' })}
    <ul class="cards">
      ${IDEAS.map(card)}
    </ul>`,
}

function card([title, text]: readonly [string, string]): Html {
  return html`<li>
    <h2>${title}</h2>
    <p>${text}</p>
  </li>`
}
