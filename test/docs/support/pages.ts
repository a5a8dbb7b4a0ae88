import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The folder of the repository. */
export const ROOT = join(__dirname, '../../..')

/** A page of the documentation. */
export interface Page {
  /** `docs/pool.md` */
  readonly path: string
  readonly text: string
}

/** A fenced block of code. */
export interface Block {
  /** `docs/pool.md:12` */
  readonly place: string
  readonly page: string
  /** What stands behind the fence: `ts`, `ts postgres`, `sql notes.sql`, or nothing. */
  readonly kind: string
  readonly text: string
}

const ENTRIES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'].map((name) =>
  join(ROOT, name),
)

/** Every page that a reader may come upon. */
export const PAGES: readonly Page[] = [
  ...ENTRIES,
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join(ROOT, 'docs', name)),
].map((file) => ({ path: relative(ROOT, file).replaceAll('\\', '/'), text: readFileSync(file, 'utf8') }))

/** Every block of them. */
export const BLOCKS: readonly Block[] = PAGES.flatMap(({ path, text }) =>
  [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((hit) => ({
    place: `${path}:${text.slice(0, hit.index).split('\n').length}`,
    page: path,
    kind: hit[1]!,
    text: hit[2]!,
  })),
)
