import { readFileSync } from 'node:fs'
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { MigrationTargetError } from '../../errors'
import type { MigrateAllOptions } from '../../fleet/options'
import type { MigrationRun } from '../../fleet/migrate-fleet'
import { confirmed } from '../confirm'
import { meantTenants } from '../did-you-mean'
import { jsonOutput, plainOutput } from '../fleet-output'
import type { FleetSum } from '../fleet-output'
import { EXIT } from '../command'
import type { Run, Workplace } from '../command'
import { parseCount, parseCountOrNone, parseDuration, parseVersion } from '../parse'
import { FEW, shortList } from '../print'
import { expectTargets } from '../targets'
import { printPlan } from './plan'

interface Flags {
  readonly tenant?: readonly string[]
  readonly tenants?: readonly string[]
  readonly tenantsFile?: readonly string[]
  readonly all?: boolean
  readonly to?: number
  readonly steps?: number
  readonly everything?: boolean
  readonly concurrency: number
  readonly canary: number
  readonly maxFailures: number
  readonly retries: number
  readonly lockTimeout: number
  readonly statementTimeout: number
  readonly rehearse?: boolean
  readonly allowOutOfOrder?: boolean
  readonly allowChanged?: boolean
  readonly verbose?: boolean
  readonly dryRun?: boolean
  readonly sql?: boolean
  readonly yes?: boolean
}

/** `rowhouse migrate --all` */
export function addMigrate(program: Command, run: Run): void {
  addFleetFlags(
    program.command('migrate').description('run pending migrations, up to a version (inclusive) or all'),
  )
    .option('--allow-out-of-order', 'run files that are older than what a tenant has')
    .option('--no-rehearse', 'do not run them in a scratch schema first (PostgreSQL)')
    .action(async (tenants: string[], flags: Flags) => {
      await run((workplace) => migrate(workplace, 'up', tenants, flags))
    })
}

/** `rowhouse rollback --tenant acme --to 20160711125401` */
export function addRollback(program: Command, run: Run): void {
  addFleetFlags(
    program
      .command('rollback')
      .description('revert migrations: one step, down to and including a version, or all'),
  )
    .addOption(new Option('--everything', 'revert every migration').conflicts(['to', 'steps']))
    .option('-y, --yes', 'do not ask')
    .action(async (tenants: string[], flags: Flags) => {
      await run((workplace) => migrate(workplace, 'down', tenants, flags))
    })
}

function addFleetFlags(command: Command): Command {
  const option = (
    flags: string,
    text: string,
    parse: (given: string) => unknown,
    value?: unknown,
  ): Option => {
    const made = new Option(flags, text).argParser(parse)
    return value === undefined ? made : made.default(value)
  }
  return command
    .argument('[tenant...]')
    .option('-t, --tenant <tenant...>', 'these tenants')
    .addOption(option('--tenants <list>', 'these, with commas between them', parseList))
    .addOption(option('--tenants-file <file>', 'these, one in a line; - reads standard input', readList))
    .option('--all', 'all tenants')
    .option('--allow-changed', 'take changed files of applied migrations as they are now (MySQL)')
    .addOption(option('--to <version>', '14 digits, inclusive', parseVersion).conflicts('steps'))
    .addOption(option('--steps <count>', 'so many migrations', parseCount))
    .addOption(option('--concurrency <count>', 'tenants at a time', parseCount, 4))
    .addOption(option('--canary <count>', 'tenants that go first, one by one', parseCountOrNone, 1))
    .addOption(
      option('--max-failures <count>', 'begin no more after so many; 0: go on', parseCountOrNone, 10),
    )
    .addOption(option('--retries <count>', 'after a lock or a lost connection', parseCountOrNone, 6))
    .addOption(option('--lock-timeout <time>', 'for each lock, 500ms or 2s', parseDuration, 2000))
    .addOption(option('--statement-timeout <time>', 'for each statement; 0: no limit', parseDuration, 0))
    .option('--dry-run', 'say what would be done, and write nothing')
    .option('--sql', 'with --dry-run: the SQL, too')
    .option('--verbose', 'a line for each tenant')
}

async function migrate(
  workplace: Workplace,
  direction: 'up' | 'down',
  names: readonly string[],
  flags: Flags,
): Promise<number> {
  const { tenant = [], tenants = [], tenantsFile = [], all = false } = flags
  const named = [...names, ...tenant, ...tenants, ...tenantsFile]
  expectTargets(named, all)
  const options = optionsOf(flags, direction, all ? undefined : named)
  if (flags.dryRun === true) return printPlan(workplace, options, flags.sql === true)
  if (direction === 'down') {
    const whom = all ? 'every tenant' : shortList(named)
    await confirmed(workplace, flags.yes === true, `Roll back ${whom}? This may delete data.`)
  }
  const output = workplace.isJson
    ? jsonOutput(workplace)
    : plainOutput(workplace, !all || flags.verbose === true)
  const control = { signal: workplace.interruptible(), onEvent: output.onEvent.bind(output) }
  const run = workplace.tenancy.migrateAll({ ...options, ...control })
  const sum = await sumOf(run, direction, workplace.commandLine).catch((error: unknown) => {
    // Of all tenants: a version that no file has.
    if (!(error instanceof MigrationTargetError)) throw error
    workplace.printer.error(error)
    return undefined
  })
  if (sum === undefined) return EXIT.usage
  output.finish(sum)
  if (!workplace.isJson) await tellMeant(workplace, sum)
  if (sum.stopped === 'aborted') return EXIT.interrupted
  if (sum.stopped === 'canary' && sum.done === 0) return EXIT.refused
  return sum.failures.length > 0 || sum.notRun > 0 ? EXIT.failed : EXIT.ok
}

async function tellMeant({ tenancy, note }: Workplace, { failures }: FleetSum): Promise<void> {
  const meant = await meantTenants(
    tenancy,
    failures.slice(0, FEW).map(({ error }) => error),
  )
  for (const [said, name] of meant) note(`${said}: did you mean ${name}?`)
}

function optionsOf(
  flags: Flags,
  direction: 'up' | 'down',
  tenants: readonly string[] | undefined,
): MigrateAllOptions {
  const { concurrency, canary, retries, lockTimeout, statementTimeout } = flags
  return {
    ...{ direction, tenants, concurrency, canary, retries },
    ...targetOf(flags),
    allowOutOfOrder: flags.allowOutOfOrder === true,
    allowChanged: flags.allowChanged === true,
    maxFailures: flags.maxFailures === 0 ? Infinity : flags.maxFailures,
    lockTimeoutMs: lockTimeout,
    statementTimeoutMs: statementTimeout,
    rehearse: flags.rehearse !== false,
  }
}

async function sumOf(run: MigrationRun, direction: 'up' | 'down', resume: string): Promise<FleetSum> {
  const { results, notRun, stopped } = await run.report()
  const failures = results.filter((result) => result.status === 'error')
  const done = results.filter(({ status, versions }) => status === 'ok' && versions.length > 0).length
  const idle = results.length - failures.length - done
  return { direction, done, idle, failures, notRun: notRun.length, stopped, resume }
}

function targetOf({ to, steps, everything }: Flags): object {
  if (to !== undefined) return { to }
  if (steps !== undefined) return { steps }
  return everything === true ? { all: true } : {}
}

function parseList(text: string): string[] {
  return text.split(/[,\s]+/).filter((name) => name !== '')
}

/** One tenant in a line; what follows a `#` is a comment. */
function readList(file: string): string[] {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new InvalidArgumentError(`It can't be read: ${(error as Error).message}`)
  }
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((name) => name !== '')
}
