import { readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { createJiti } from 'jiti'
import type { RunnerOption } from 'node-pg-migrate' with { 'resolution-mode': 'import' }

type Strategies = NonNullable<RunnerOption['migrationLoaderStrategies']>
type Loader = Exclude<Strategies[number]['loader'], string>
type Actions = Awaited<ReturnType<Loader>>[number]['actions']

/** Files that the runner reads from a folder; everything else in it (a README, type declarations) would stop it. */
export const IGNORE_PATTERN = String.raw`(?!\d{14}[_-].*\.(?:[cm]?[jt]s|sql)$).*|.*\.d\.[cm]?ts`

const EXTENSIONS = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.sql']
const SECTION = { up: /^\s*--[\s-]*up\s+migration/im, down: /^\s*--[\s-]*down\s+migration/im }

/** A loader for node-pg-migrate's runner that loads each file once, and again only after it was changed. */
export function createMigrationLoader(): Strategies {
  const loaded = new Map<string, { readonly changed: number; readonly actions: Promise<Actions> }>()
  const actionsOf = async (path: string): Promise<Actions> => {
    const { mtimeMs } = await stat(path)
    let entry = loaded.get(path)
    if (entry?.changed !== mtimeMs) {
      entry = { changed: mtimeMs, actions: load(path) }
      loaded.set(path, entry)
    }
    return entry.actions
  }
  const loader: Loader = (paths) =>
    Promise.all(paths.map(async (path) => ({ id: path, filePaths: [path], actions: await actionsOf(path) })))
  return [{ extensions: EXTENSIONS, loader }]
}

async function load(path: string): Promise<Actions> {
  if (extname(path) !== '.sql') return createJiti(path, { moduleCache: false }).import<Actions>(path)
  const { up, down } = splitSql(await readFile(path, 'utf8'))
  return { up: (pgm) => void pgm.sql(up), down: down === undefined ? false : (pgm) => void pgm.sql(down) }
}

/** The sections of an SQL migration, as node-pg-migrate marks them; a file without marks is all up. */
function splitSql(text: string): { readonly up: string; readonly down: string | undefined } {
  const up = text.search(SECTION.up)
  const down = text.search(SECTION.down)
  if (down === -1) return { up: text.slice(Math.max(up, 0)), down: undefined }
  return up > down
    ? { up: text.slice(up), down: text.slice(down, up) }
    : { up: text.slice(Math.max(up, 0), down), down: text.slice(down) }
}
