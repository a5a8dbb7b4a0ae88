import { basename } from 'node:path'
import { BLOCKS, PAGES } from '../../docs/support/pages'

/** A block of code of a page, which says the engine that it runs on. */
export interface Snippet {
  /** `kysely` */
  readonly page: string
  /** `kysely-postgres-1` */
  readonly name: string
  readonly engine: 'postgres' | 'mysql'
  readonly code: string
}

/** Each block that begins with ```` ```ts postgres ```` or ```` ```ts mysql ````, of all pages. */
export const SNIPPETS: readonly Snippet[] = PAGES.flatMap(({ path }) => {
  const page = basename(path, '.md')
  const blocks = BLOCKS.filter((block) => block.page === path && /^ts (postgres|mysql)$/.test(block.kind))
  return blocks.map(({ kind, text }, i) => {
    const engine = kind.slice('ts '.length) as Snippet['engine']
    return { page, name: `${page}-${engine}-${i + 1}`, code: text, engine }
  })
})

const TENANCY = {
  postgres: "Tenancy<import('pg').Pool, import('pg').Pool>",
  mysql:
    "Tenancy<import('mysql2/promise').Pool, import('mysql2/promise').Pool, DefaultRecord, import('mysql2').Pool> & { callbackPool: import('mysql2').Pool }",
}

/** The block as a module with a function `main(tenancy)`. */
export function moduleOf({ code, engine }: Snippet): string {
  const lines = code.split('\n')
  const isImport = (line: string) => line.startsWith('import ')
  return [
    "import type { DefaultRecord, Tenancy } from 'rowhouse'",
    ...lines.filter(isImport),
    `export type Unused = DefaultRecord`,
    `export async function main(tenancy: ${TENANCY[engine]}): Promise<void> {`,
    ...lines.filter((line) => !isImport(line)),
    '}',
    '',
  ].join('\n')
}
