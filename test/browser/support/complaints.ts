import type { BrowserContext } from 'playwright-core'

/**
 * Everything that must not happen while pages are looked at: an error in a console, a script that throws, a dialog,
 * a request to a host that is not under test. The dialog is closed; requests reach nothing but this machine anyway.
 */
export class Complaints {
  readonly #heard: string[] = []
  readonly #expected: RegExp[] = []

  /** @param hosts - that pages may talk to, `127.0.0.1:4000` */
  static watch(context: BrowserContext, hosts: readonly string[]): Complaints {
    const complaints = new Complaints()
    const complain = (text: string): void => void complaints.#heard.push(text)
    context.on('console', (message) => {
      if (message.type() === 'error')
        complain(`error in the console of ${message.location().url}: ${message.text()}`)
    })
    context.on('weberror', (error) => complain(`error in a page: ${error.error().message}`))
    context.on('dialog', (dialog) => {
      complain(`dialog: ${dialog.type()} "${dialog.message()}"`)
      void dialog.dismiss().catch(() => {})
    })
    context.on('request', (request) => {
      const url = new URL(request.url())
      if (/^https?:$/.test(url.protocol) && !hosts.includes(url.host))
        complain(`request to another host: ${url.href}`)
    })
    return complaints
  }

  /** Says that there will be one that matches, such as the console's about an answer of 404. Each is for one complaint. */
  expect(...patterns: readonly RegExp[]): void {
    this.#expected.push(...patterns)
  }

  /** What was heard and not expected, and what was expected and not heard. */
  all(): string[] {
    const unheard = [...this.#expected]
    const unexpected = this.#heard.filter((text) => {
      const index = unheard.findIndex((pattern) => pattern.test(text))
      if (index >= 0) unheard.splice(index, 1)
      return index < 0
    })
    return [...unexpected, ...unheard.map((pattern) => `expected and not heard: ${String(pattern)}`)]
  }
}
