import { readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Direction, MigrationFile, MigrationStep } from '../engine'
import { MigrationFolderError, MigrationRefusedError, MigrationTargetError } from '../errors'
import { loadMigrationModule } from '../migration-module'
import { readThrown } from '../thrown'
import type { MigrationDb } from './migration-db'
import { sha256Of } from './sql'
import { splitStatements } from './split-statements'
import type { SqlStatement } from './split-statements'

/** One direction of a migration, ready to run. */
export type Script =
  | { readonly kind: 'sql'; readonly statements: readonly SqlStatement[] }
  | { readonly kind: 'code'; readonly run: (db: MigrationDb) => unknown }

/** Reads migrations; each file once, and again only after it was changed. */
export interface MigrationLoader {
  /** SHA-256 of a file's text, with plain line ends and without a byte order mark. */
  checksum(file: MigrationFile): Promise<string>
  /** @throws MigrationTargetError for a migration without a way down; MigrationRefusedError where it can't be split; MigrationFolderError where it can't be loaded */
  script(step: MigrationStep): Promise<Script>
}

interface Loaded {
  readonly changed: number
  readonly text: Promise<string>
  module?: Promise<Readonly<Record<string, unknown>>>
}

/** The sections of an SQL file, marked as in node-pg-migrate; a file without marks is all up. */
const SECTION = { up: /^\s*--[\s-]*up\s+migration/im, down: /^\s*--[\s-]*down\s+migration/im }

/** Makes a loader. */
export function createMigrationLoader(): MigrationLoader {
  const files = new Map<string, Loaded>()
  const load = async ({ path }: MigrationFile): Promise<Loaded> => {
    const { mtimeMs } = await stat(path)
    let loaded = files.get(path)
    if (loaded?.changed !== mtimeMs) {
      loaded = { changed: mtimeMs, text: readFile(path, 'utf8').then(plain) }
      files.set(path, loaded)
    }
    return loaded
  }
  return {
    checksum: async (file) => sha256Of(await (await load(file)).text),
    async script(step) {
      const { file, direction } = step
      const loaded = await load(file)
      if (extname(file.path) === '.sql') return sqlScript(step, await loaded.text)
      loaded.module ??= importFrom(file.path)
      const run = exportOf(await loaded.module, direction)
      if (run === undefined) throw noWay(step)
      return { kind: 'code', run }
    },
  }
}

async function importFrom(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await loadMigrationModule(path)
  } catch (cause) {
    throw new MigrationFolderError(`Migration ${path} can't be loaded: ${readThrown(cause).message}`, {
      cause,
    })
  }
}

function sqlScript(step: MigrationStep, text: string): Script {
  const section = sectionsOf(text)[step.direction]
  if (section === undefined) throw noWay(step)
  const result = splitStatements(section.text, section.line)
  if (result.problem === undefined) return { kind: 'sql', statements: result.statements }
  const { name } = step.file
  throw new MigrationRefusedError(
    `Migration ${name}, line ${result.line}: ${result.problem}. Nothing was run.`,
    {
      migration: name,
    },
  )
}

interface Section {
  readonly text: string
  readonly line: number
}

function sectionsOf(text: string): { readonly up: Section; readonly down: Section | undefined } {
  const up = Math.max(text.search(SECTION.up), 0)
  const down = text.search(SECTION.down)
  const section = (from: number, to?: number): Section => ({
    text: text.slice(from, to),
    line: text.slice(0, from).split('\n').length,
  })
  if (down === -1) return { up: section(up), down: undefined }
  return up > down
    ? { up: section(up), down: section(down, up) }
    : { up: section(up, down), down: section(down) }
}

function exportOf(
  module: Readonly<Record<string, unknown>>,
  direction: Direction,
): ((db: MigrationDb) => unknown) | undefined {
  const inner = module.default as Readonly<Record<string, unknown>> | undefined
  const found = module[direction] ?? inner?.[direction]
  return typeof found === 'function' ? (found as (db: MigrationDb) => unknown) : undefined
}

function noWay({ file, direction }: MigrationStep): Error {
  if (direction === 'down')
    return new MigrationTargetError(`Can't revert ${file.name}: it has no way down. Nothing was run.`)
  return new MigrationRefusedError(`Migration ${file.name} exports no function "up". Nothing was run.`, {
    migration: file.name,
  })
}

/** The same text on every system: an editor or git may have turned the line ends. */
function plain(text: string): string {
  return text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
}
