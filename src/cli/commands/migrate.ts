import { Option } from 'commander'
import type { Command } from 'commander'
import { ConfigError } from '../../errors'
import { confirmed } from '../confirm'
import { describeError } from '../print'
import { EXIT } from '../command'
import type { Run, Workplace } from '../command'
import { parseCount, parseVersion } from '../parse'

interface Flags {
  readonly tenant?: readonly string[]
  readonly all?: boolean
  readonly to?: number
  readonly steps?: number
  readonly everything?: boolean
  readonly concurrency: number
  readonly allowOutOfOrder?: boolean
  readonly allowChanged?: boolean
  readonly yes?: boolean
}

type Target = { readonly to: number } | { readonly steps: number } | { readonly all: true }

/** `rowhouse migrate --all` */
export function addMigrate(program: Command, run: Run): void {
  addTargets(
    program.command('migrate').description('run pending migrations, up to a version (inclusive) or all'),
  )
    .option('--allow-out-of-order', 'run files that are older than what a tenant has')
    .action(async (tenants: string[], flags: Flags) => {
      await run((workplace) => migrate(workplace, 'up', [...tenants, ...(flags.tenant ?? [])], flags))
    })
}

/** `rowhouse rollback --tenant acme --to 20160711125401` */
export function addRollback(program: Command, run: Run): void {
  addTargets(
    program
      .command('rollback')
      .description('revert migrations: one step, down to and including a version, or all'),
  )
    .addOption(new Option('--everything', 'revert every migration').conflicts(['to', 'steps']))
    .option('-y, --yes', 'do not ask')
    .action(async (tenants: string[], flags: Flags) => {
      await run((workplace) => migrate(workplace, 'down', [...tenants, ...(flags.tenant ?? [])], flags))
    })
}

function addTargets(command: Command): Command {
  return command
    .argument('[tenant...]')
    .option('-t, --tenant <tenant...>', 'these tenants')
    .option('--all', 'all tenants')
    .option('--allow-changed', 'take changed files of applied migrations as they are now (MySQL)')
    .addOption(
      new Option('--to <version>', '14 digits, inclusive').argParser(parseVersion).conflicts('steps'),
    )
    .addOption(new Option('--steps <count>', 'so many migrations').argParser(parseCount))
    .addOption(new Option('--concurrency <count>', 'connections at a time').argParser(parseCount).default(4))
}

async function migrate(
  workplace: Workplace,
  direction: 'up' | 'down',
  named: readonly string[],
  flags: Flags,
): Promise<number> {
  if (flags.all === true && named.length > 0) throw new ConfigError(['Name tenants or say --all, not both.'])
  if (flags.all !== true && named.length === 0) throw new ConfigError(['Name the tenants, or say --all.'])
  const target = targetOf(flags)
  if (direction === 'down') {
    const whom = flags.all === true ? 'every tenant' : named.join(', ')
    await confirmed(workplace, flags.yes === true, `Roll back ${whom}? This may delete data.`)
  }
  const run = workplace.tenancy.migrateAll({
    direction,
    ...target,
    concurrency: flags.concurrency,
    allowOutOfOrder: flags.allowOutOfOrder === true,
    allowChanged: flags.allowChanged === true,
    ...(flags.all === true ? {} : { tenants: named }),
  })
  let [done, idle, failed] = [0, 0, 0]
  for await (const result of run) {
    if (result.status === 'error') {
      failed += 1
      workplace.printer.error(result.error)
      if (workplace.isJson) workplace.line(JSON.stringify({ ...result, error: describeError(result.error) }))
      continue
    }
    if (result.versions.length > 0) done += 1
    else idle += 1
    if (result.versions.length > 0 || workplace.isJson || flags.all !== true) {
      workplace.printer.result(result, `${result.tenant}: ${sentence(direction, result.versions)}`)
    }
  }
  const verb = direction === 'up' ? 'migrated' : 'rolled back'
  workplace.printer.result(
    { status: failed > 0 ? 'error' : 'ok', done, idle, failed },
    `${done} ${verb}, ${idle} with nothing to do, ${failed} failed`,
  )
  return failed > 0 ? EXIT.failed : EXIT.ok
}

function targetOf({ to, steps, everything }: Flags): Target | object {
  if (to !== undefined) return { to }
  if (steps !== undefined) return { steps }
  return everything === true ? { all: true } : {}
}

function sentence(direction: 'up' | 'down', versions: readonly number[]): string {
  if (versions.length === 0) return 'nothing to do'
  return `${direction === 'up' ? 'applied' : 'reverted'} ${versions.join(', ')}`
}
