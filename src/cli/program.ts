import { Command, CommanderError } from 'commander'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from './command'
import type { Run, RunAtDesk } from './command'
import { addCreate } from './commands/create'
import { addDoctor } from './commands/doctor'
import { addDrift } from './commands/drift'
import { addAdopt, addDrop } from './commands/drop'
import { addExec } from './commands/exec'
import { addInit } from './commands/init'
import { addPurge, addRename, addUndrop } from './commands/kept'
import { addLint } from './commands/lint'
import { addList } from './commands/list'
import { addMark } from './commands/mark'
import { addMigrate, addRollback } from './commands/migrate'
import { addNew } from './commands/new'
import { addRehearse } from './commands/rehearse'
import { addRepair } from './commands/repair'
import { addSql } from './commands/sql'
import { addStatus } from './commands/status'
import { examplesOf } from './examples'
import { paintFor } from './paint'
import { atDesk, inWorkplace } from './workplace'
import type { Call, Surroundings } from './workplace'

export type { Surroundings } from './workplace'

/** commander takes the colours away again for a stream that shows none. */
const HELP_PAINT = paintFor(true)

/** In the order in which they are needed. */
const GROUPS: readonly (readonly [title: string, add: readonly ((program: Command, run: Run) => void)[]])[] =
  [
    ['Tenants:', [addCreate, addList, addRename, addDrop, addUndrop, addPurge, addAdopt]],
    ['Migrations:', [addNew, addLint, addRehearse, addMigrate, addRollback, addStatus]],
    ['Setting right:', [addDoctor, addDrift, addRepair, addMark]],
    ['Work in tenants:', [addSql, addExec]],
  ]

/**
 * Runs the CLI.
 *
 * @param args - without node and script: `['migrate', '--all']`
 * @returns the exit code, as docs/cli.md lists them
 */
export async function runProgram(args: readonly string[], surroundings: Surroundings): Promise<number> {
  let code: number = EXIT.ok
  const program = createProgram(surroundings)
  const call = (): Call => {
    const { config, json } = program.opts<{ config?: string; json?: boolean }>()
    return { config, isJson: json === true, commandLine: ['rowhouse', ...args].map(quoted).join(' ') }
  }
  const runAtDesk: RunAtDesk = async (work) => {
    code = await atDesk(call(), surroundings, work)
  }
  const run: Run = async (work, needs = {}) => {
    code = await inWorkplace(call(), surroundings, { needs, work })
  }
  program.commandsGroup('Start:')
  addInit(program, runAtDesk)
  for (const [title, commands] of GROUPS) {
    program.commandsGroup(title)
    for (const add of commands) add(program, run)
  }
  for (const command of program.commands) {
    command.copyInheritedSettings(program).addHelpText('after', examplesOf(command.name(), HELP_PAINT))
  }
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  }
  return code
}

function createProgram({ out, err, colours }: Surroundings): Command {
  return new Command('rowhouse')
    .description('Schema-per-tenant multi-tenancy: tenants and their migrations')
    .version(readVersion())
    .option('-c, --config <file>', 'instead of the rowhouse.config.{ts,js,mjs,json} found here or above')
    .option('--json', 'one line of JSON per result')
    .showHelpAfterError('(rowhouse --help tells more)')
    .exitOverride()
    .configureHelp({ styleTitle: HELP_PAINT.strong })
    .configureOutput({
      writeOut: out,
      writeErr: err,
      getOutHasColors: () => colours?.out === true,
      getErrHasColors: () => colours?.err === true,
    })
    .addHelpText('after', examplesOf('rowhouse', HELP_PAINT))
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function readVersion(): string {
  const file = readFileSync(join(__dirname, '../../package.json'), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}
