import { Command, CommanderError } from 'commander'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, MigrationFailedError, MigrationFolderError, MigrationRefusedError } from '../errors'
import { EXIT } from './command'
import type { Run, Workplace } from './command'
import { addCreate } from './commands/create'
import { addDoctor } from './commands/doctor'
import { addDrift } from './commands/drift'
import { addAdopt, addDrop } from './commands/drop'
import { addExec } from './commands/exec'
import { addPurge, addRename, addUndrop } from './commands/kept'
import { addLint } from './commands/lint'
import { addMark } from './commands/mark'
import { addMigrate, addRollback } from './commands/migrate'
import { addNew } from './commands/new'
import { addRehearse } from './commands/rehearse'
import { addRepair } from './commands/repair'
import { addList } from './commands/list'
import { addStatus } from './commands/status'
import { addSql } from './commands/sql'
import { loadTenancy } from './config'
import type { Needs } from './config'
import { createPrinter } from './print'
import type { Output } from './print'

/** The outside of a run of the CLI. */
export interface Surroundings extends Output {
  /** Asks on the terminal; undefined where there is none. */
  readonly ask: Workplace['ask']
  /** Standard error is a terminal. Default false. */
  readonly hasTerminal?: boolean | undefined
  /** Makes a signal for Ctrl-C. Default: none. */
  readonly interruptible?: Workplace['interruptible'] | undefined
}

/**
 * Runs the CLI.
 *
 * @param args - without node and script: `['migrate', '--all']`
 * @returns the exit code, as docs/cli.md lists them
 */
export async function runProgram(args: readonly string[], surroundings: Surroundings): Promise<number> {
  let code: number = EXIT.ok
  const program = new Command('rowhouse')
    .description('Schema-per-tenant multi-tenancy: tenants and their migrations')
    .version(readVersion())
    .option('-c, --config <file>', 'instead of the rowhouse.config.{ts,js,mjs,json} found here or above')
    .option('--json', 'one line of JSON per result')
    .showHelpAfterError('(rowhouse --help tells more)')
    .exitOverride()
    .configureOutput({ writeOut: surroundings.out, writeErr: surroundings.err })
  const run: Run = async (work, needs = {}) => {
    const { config, json } = program.opts<{ config?: string; json?: boolean }>()
    const commandLine = ['rowhouse', ...args].map(quoted).join(' ')
    code = await inWorkplace({ config, isJson: json === true, needs, commandLine }, surroundings, work)
  }
  for (const add of [
    addNew,
    addCreate,
    addMigrate,
    addRollback,
    addStatus,
    addList,
    addDrop,
    addAdopt,
    addRepair,
    addMark,
    addLint,
    addRehearse,
    addDrift,
    addDoctor,
    ...[addUndrop, addPurge, addRename, addExec, addSql],
  ])
    add(program, run)
  for (const command of program.commands) {
    command.exitOverride().configureOutput({ writeOut: surroundings.out, writeErr: surroundings.err })
  }
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  }
  return code
}

/** How a command was called. */
interface Call {
  readonly config: string | undefined
  readonly isJson: boolean
  readonly needs: Needs
  readonly commandLine: string
}

async function inWorkplace(
  { config, isJson, needs, commandLine }: Call,
  { out, err, ask, hasTerminal = false, interruptible = () => undefined }: Surroundings,
  work: (workplace: Workplace) => Promise<number>,
): Promise<number> {
  const printer = createPrinter({ out, err }, isJson)
  const line = (text: string): void => out(`${text}\n`)
  const note = (text: string): void => err(`${text}\n`)
  try {
    const tenancy = await loadTenancy(config, needs)
    try {
      return await work({
        tenancy,
        printer,
        ask,
        isJson,
        line,
        note,
        hasTerminal,
        commandLine,
        interruptible,
      })
    } finally {
      await tenancy.close()
    }
  } catch (error) {
    printer.error(error)
    return codeOf(error)
  }
}

/** Nothing was done where options or files are wrong, or a migration must not be run for any tenant. */
function codeOf(error: unknown): number {
  if (error instanceof ConfigError || error instanceof MigrationFolderError) return EXIT.usage
  return error instanceof MigrationRefusedError ||
    (error instanceof MigrationFailedError && error.tenant === undefined)
    ? EXIT.refused
    : EXIT.failed
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function readVersion(): string {
  const file = readFileSync(join(__dirname, '../../package.json'), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}
