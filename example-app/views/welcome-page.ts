import { html } from './html'
import type { Page } from './layout'
import { links } from './parts'

/** The first page. */
export const welcomePage: Page = {
  title: 'Welcome to Rowhouse!',
  content: html`<p>
      Every tenant has a PostgreSQL schema or a MySQL database of its own, and the code that shows its widgets
      knows nothing of that:
    </p>
    <pre><code>await tenancy.pool.query('select * from widgets')</code></pre>
    <p>Make two tenants, give each of them a widget, and look who sees what.</p>
    ${links({ text: 'Tenants', href: '/tenants' })}`,
}
