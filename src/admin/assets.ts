import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { once } from '../once'

/** A file that the page serves. */
export interface Asset {
  readonly type: string
  readonly content: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  'admin.css': 'text/css; charset=utf-8',
  'admin.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
}

/** Beside this file, in `src` as in `dist`. */
const readAll = once(
  async () =>
    new Map(
      Object.entries(TYPES).map(([name, type]): [string, Asset] => [
        name,
        { type, content: readFileSync(join(__dirname, 'assets', name)) },
      ]),
    ),
)

/** A style sheet, script or icon by its name; undefined for any other name. */
export async function assetOf(name: string): Promise<Asset | undefined> {
  return (await readAll()).get(name)
}
