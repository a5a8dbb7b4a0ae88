/** Text that is HTML already. Only {@link html} makes it, so nothing gets into a page without having been escaped. */
export class Html {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  /** @see html */
  static of(strings: TemplateStringsArray, parts: readonly HtmlPart[]): Html {
    const text = strings.map((string, index) => (index === 0 ? string : toText(parts[index - 1]) + string))
    return new Html(text.join(''))
  }

  toString(): string {
    return this.#text
  }
}

/** What a template takes: text and numbers are escaped, HTML stays as it is, lists are joined, and nothing is nothing. */
export type HtmlPart = Html | string | number | false | null | undefined | readonly HtmlPart[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A template of HTML that escapes what is put in, also inside of quoted attributes. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return Html.of(strings, parts)
}

function toText(part: HtmlPart): string {
  if (part instanceof Html) return part.toString()
  if (typeof part === 'string') return part.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
  if (typeof part === 'number') return String(part)
  return part ? part.map(toText).join('') : ''
}
