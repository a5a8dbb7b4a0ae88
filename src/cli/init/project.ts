import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../errors'

/** The engines that a project can be set up for. */
export const ENGINE_NAMES = ['postgres', 'mysql'] as const
/** One of them. */
export type EngineName = (typeof ENGINE_NAMES)[number]

/** The driver that each engine works with, by its name on npm. */
export const DRIVERS: Readonly<Record<EngineName, string>> = { postgres: 'pg', mysql: 'mysql2' }

/** At the start of a text. */
export const BYTE_ORDER_MARK = /^\uFEFF/

/** What is read of a package.json; the rest is kept as it is. */
interface Manifest {
  readonly type?: string
  readonly scripts?: Readonly<Record<string, string>> | null
  readonly dependencies?: Readonly<Record<string, string>> | null
  readonly devDependencies?: Readonly<Record<string, string>> | null
}

/** A project that is to be set up. */
export interface Project {
  readonly folder: string
  readonly engine: EngineName
  readonly language: 'ts' | 'js'
  /** Its `.js` files are ES modules. */
  readonly isEsm: boolean
  /** Its sources are written with `import`, whatever they become. */
  readonly isModule: boolean
  /** Where its sources are, as a prefix of a path: `src/`, or nothing. */
  readonly sources: 'src/' | ''
  /** The text of its package.json. */
  readonly manifest: string
  readonly scripts: Readonly<Record<string, string>>
  /** Whether it depends on a package. */
  readonly has: (name: string) => boolean
}

/**
 * Looks at a project: its driver, its language, and where its sources are. Changes nothing.
 *
 * @param engine - instead of the one whose driver it has
 * @throws ConfigError without a package.json, or when it has no driver or both
 */
export function readProject(folder: string, engine?: EngineName): Project {
  const { manifest, parsed } = readManifest(folder)
  const { type, dependencies, devDependencies } = parsed
  const has = (name: string): boolean => Object.hasOwn({ ...dependencies, ...devDependencies }, name)
  const isTypescript = has('typescript') || existsSync(join(folder, 'tsconfig.json'))
  return {
    folder,
    engine: engine ?? engineOf(has),
    language: isTypescript ? 'ts' : 'js',
    isEsm: type === 'module',
    isModule: isTypescript || type === 'module',
    sources: isFolder(join(folder, 'src')) ? 'src/' : '',
    manifest,
    scripts: parsed.scripts ?? {},
    has,
  }
}

function readManifest(folder: string): { manifest: string; parsed: Manifest } {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) {
    throw new ConfigError([
      `There is no package.json in ${folder}. Go to your project's folder, or say npm init.`,
    ])
  }
  try {
    const manifest = readFileSync(file, 'utf8')
    const parsed = parseManifest(manifest)
    if (isObject(parsed) && isObject(parsed.scripts ?? {})) return { manifest, parsed }
  } catch (cause) {
    throw new ConfigError([`${file} can't be read: ${(cause as Error).message}`], { cause })
  }
  throw new ConfigError([`${file} holds no object, or its "scripts" are none.`])
}

/** Reads a package.json as npm does: some editors put a byte order mark in front. */
export function parseManifest(manifest: string): Manifest {
  return JSON.parse(manifest.replace(BYTE_ORDER_MARK, '')) as Manifest
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function engineOf(has: (name: string) => boolean): EngineName {
  const found = ENGINE_NAMES.filter((name) => has(DRIVERS[name]))
  if (found.length === 1) return found[0]!
  const which = found.length === 0 ? 'Neither pg nor mysql2 is' : 'Both pg and mysql2 are'
  throw new ConfigError([`${which} among the dependencies. Say --engine postgres, or --engine mysql.`])
}
