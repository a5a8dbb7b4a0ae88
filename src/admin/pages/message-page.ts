import { describeError } from '../describe-error'
import { html } from '../html'
import type { Page } from './layout'
import { errorBox } from './parts'

/** Something went wrong: what, and what to do. */
export function errorPage(title: string, error: unknown, back: string): Page {
  return {
    title,
    content: html`${errorBox(describeError(error))}
      <p class="buttons"><a class="button" href="${back}">Back</a></p>`,
  }
}

/** A sentence, and a way on. */
export function messagePage(
  title: string,
  text: string,
  link: { readonly to: string; readonly label: string },
): Page {
  return {
    title,
    content: html`<p class="prose">${text}</p>
      <p class="buttons"><a class="button" href="${link.to}">${link.label}</a></p>`,
  }
}
