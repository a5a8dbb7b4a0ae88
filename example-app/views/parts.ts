import { html } from './html'
import type { Html } from './html'
import type { Link } from './layout'

/** A column of a table. */
export interface Column<Row> {
  readonly title: string
  /** Numbers stand below each other by their last digit. */
  readonly cell: (row: Row) => Html | string | number
}

/** A list of things with a name, and what one can do with each. */
export interface TableOptions<Row> {
  /** Says what the table lists, to those who don't see the heading: `Widgets of Acme`. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly actions?: (row: Row) => Html
  /** Said instead of an empty table. */
  readonly none: string
}

/** A table with the actions of each row in its last column. */
export function table<Row>(
  rows: readonly Row[],
  { caption, columns, actions, none }: TableOptions<Row>,
): Html {
  if (rows.length === 0) return html`<p class="none">${none}</p>`
  return html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        ${columns.map(({ title }) => html`<th scope="col">${title}</th>`)}
        ${actions && html`<th scope="col">Actions</th>`}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${columns.map(({ title, cell }) => cellOf(title, cell(row)))}
            ${actions && html`<td class="actions">${actions(row)}</td>`}
          </tr>`,
      )}
    </tbody>
  </table>`
}

/** On a small screen the heading of a column stands in its cells. */
function cellOf(title: string, value: Html | string | number): Html {
  return html`<td data-title="${title}" ${typeof value === 'number' && html`class="number"`}>${value}</td>`
}

/** Links side by side. */
export function links(...all: readonly (Link & { readonly kind?: 'primary' })[]): Html {
  return html`<p class="links">
    ${all.map(({ text, href, kind }) => html`<a class="button ${kind}" href="${href}">${text}</a> `)}
  </p>`
}

/** A button that asks again before it deletes; it needs no script. `name` tells it from the others of its page. */
export function deleteButton({ href, name }: { readonly href: string; readonly name: string }): Html {
  return html`<details class="delete">
    <summary aria-label="Delete ${name}">Delete</summary>
    <form method="post" action="${href}">
      <input type="hidden" name="_method" value="delete" />
      <p>Are you sure?</p>
      <button class="danger">Delete ${name}</button>
    </form>
  </details>`
}

/** Names and values, one below the other. */
export function facts(all: readonly (readonly [name: string, value: Html | string])[]): Html {
  return html`<dl>
    ${all.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`
}
