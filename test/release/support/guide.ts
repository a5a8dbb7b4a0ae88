import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A fenced block of a page: what a reader would type, write, or see. */
export interface Block {
  /** `sh`, `js`, `http` ... */
  readonly kind: string
  /** What stands behind the kind: the file it goes into. */
  readonly name: string | undefined
  readonly text: string
}

/** All blocks of a page of docs/, in order. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(__dirname, '../../../docs', page), 'utf8')
  return [...text.matchAll(/^```(\w+)(?: ([^\n]+))?\n([\s\S]*?)^```$/gm)].map((hit) => ({
    kind: hit[1]!,
    name: hit[2],
    text: hit[3]!,
  }))
}

/** A request as a page writes it down, and the answer that it promises. */
export interface Exchange {
  readonly method: string
  readonly path: string
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** `200 [{"id":"1"}]`, or the status alone */
  readonly answer: string
}

/** Reads an `http` block: the request line with a body, headers, an empty line, the answer. */
export function readExchange(text: string): Exchange {
  const [head, answer] = text.trim().split('\n\n') as [string, string]
  const [first, ...lines] = head.split('\n') as [string, ...string[]]
  const [, method, path, body] = /^([A-Z]+) (\S+)(?: (.+))?$/.exec(first) as unknown as [
    string,
    string,
    string,
    string?,
  ]
  const headers = Object.fromEntries(lines.map((line) => line.split(/: */, 2) as [string, string]))
  return { method, path, body, headers, answer }
}

/** What a page shows of an output, as a pattern: `<version>` is any, and how wide a column is, is nothing. */
export function shown(text: string): RegExp {
  const escaped = text.trim().replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(escaped.replace(/<version>/g, String.raw`\d{14}`).replace(/[ ]+/g, ' +'))
}
