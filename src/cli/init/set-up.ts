import { lstatSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { ConfigError } from '../../errors'
import { createMigrationFile } from '../../migrations/new-file'
import { CONFIG_FILES } from '../config'
import { configFile, firstMigration, SCRIPTS, tenancyFile, withScripts } from './files'
import type { NewFile } from './files'
import type { Project } from './project'

/** What became of a project, paths from its folder. */
export interface SetUp {
  readonly created: readonly string[]
  /** Scripts that went into its package.json. */
  readonly scripts: readonly string[]
  /** What was there, and is as it was. */
  readonly kept: readonly string[]
}

const MIGRATIONS = 'tenant-migrations'

/**
 * Writes what a project lacks: tenancy, configuration, a first migration, npm scripts. Changes nothing that is there.
 *
 * @param isDryRun - only tells what it would do
 */
export async function setUp(project: Project, isDryRun: boolean): Promise<SetUp> {
  const { folder } = project
  const [tenancy, config] = [tenancyFile(project), configFile(project)]
  const isThere = (path: string): boolean => isTaken(join(folder, path))
  const ownConfig = CONFIG_FILES.find(isThere)
  const lacking = [tenancy, ...(ownConfig === undefined ? [config] : [])].filter(({ path }) => !isThere(path))
  const hasMigrations = await holdsFiles(join(folder, MIGRATIONS))
  const scripts = Object.entries(SCRIPTS).filter(([name]) => !Object.hasOwn(project.scripts, name))
  const migration = hasMigrations ? undefined : await writeMigration(project, isDryRun)
  if (!isDryRun) await write(project, lacking, Object.fromEntries(scripts))
  return {
    created: [...lacking.map(({ path }) => path), ...(migration === undefined ? [] : [migration])],
    scripts: scripts.map(([name]) => name),
    kept: [
      ...[tenancy.path, ownConfig].filter(
        (path) => path !== undefined && lacking.every((file) => file.path !== path),
      ),
      ...(hasMigrations ? [`${MIGRATIONS}/`] : []),
      ...Object.keys(SCRIPTS)
        .filter((name) => Object.hasOwn(project.scripts, name))
        .map((name) => `npm script ${name}`),
    ] as string[],
  }
}

async function write(
  project: Project,
  files: readonly NewFile[],
  scripts: Readonly<Record<string, string>>,
): Promise<void> {
  for (const { path, text } of files) {
    const file = join(project.folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { flag: 'wx' })
  }
  if (Object.keys(scripts).length === 0) return
  await writeFile(join(project.folder, 'package.json'), withScripts(project, scripts))
}

async function writeMigration(project: Project, isDryRun: boolean): Promise<string> {
  if (isDryRun) return `${MIGRATIONS}/*_create_first_tables.sql`
  const path = await createMigrationFile(join(project.folder, MIGRATIONS), 'create_first_tables', {
    kind: 'sql',
    template: firstMigration(project),
  })
  return relative(project.folder, path).replaceAll(sep, '/')
}

/** @throws ConfigError for what is no folder, before anything is written */
async function holdsFiles(folder: string): Promise<boolean> {
  if (!isTaken(folder)) return false
  try {
    return (await readdir(folder)).length > 0
  } catch (cause) {
    throw new ConfigError([`${folder} is no folder that can be read.`], { cause })
  }
}

/** Whether something has the name: also a link that leads nowhere, which can't be written over either. */
function isTaken(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
