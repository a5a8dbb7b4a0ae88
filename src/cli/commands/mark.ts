import type { Command } from 'commander'
import { ConfigError } from '../../errors'
import type { BookEntry } from '../../lifecycle/book-entry'
import { EXIT } from '../command'
import type { Run, Workplace } from '../command'
import { confirmed } from '../confirm'
import { parseVersion } from '../parse'
import { shortList } from '../print'
import { addTargetFlags, findTargets } from '../targets'
import type { TargetFlags } from '../targets'

interface Flags extends TargetFlags {
  readonly applied?: boolean
  readonly reverted?: boolean
  readonly yes?: boolean
}

/** `rowhouse mark acme 20261124101500 --applied` */
export function addMark(program: Command, run: Run): void {
  addTargetFlags(
    program
      .command('mark')
      .description('write into the books that a migration is applied, or is not; runs nothing')
      .argument('[tenant...]')
      .usage('[options] [tenant...] <version>'),
  )
    .option('--applied', 'it is')
    .option('--reverted', 'it is not')
    .option('-y, --yes', 'do not ask')
    .action(async (positional: string[], flags: Flags) => {
      await run((workplace) => mark(workplace, positional, flags))
    })
}

async function mark(workplace: Workplace, positional: readonly string[], flags: Flags): Promise<number> {
  const { tenancy, printer } = workplace
  const entry = entryOf(flags)
  const version = versionOf(positional.at(-1))
  const targets = await findTargets(tenancy, positional.slice(0, -1), flags)
  const whom = flags.all === true ? `all ${targets.length} tenants` : shortList(targets.map(({ id }) => id))
  await confirmed(workplace, flags.yes === true, `Mark ${version} ${entry} in ${whom}? Nothing is run.`)
  let failed = 0
  for (const { id } of targets) {
    try {
      const result = await tenancy.mark(id, version, entry)
      printer.result({ ...result, entry }, `${id}: ${version} is marked ${entry}`)
    } catch (error) {
      failed += 1
      printer.error(error)
    }
  }
  return failed > 0 ? EXIT.failed : EXIT.ok
}

function entryOf({ applied = false, reverted = false }: Flags): BookEntry {
  if (applied === reverted) throw new ConfigError(['Say one of --applied and --reverted.'])
  return applied ? 'applied' : 'reverted'
}

function versionOf(text = ''): number {
  try {
    return parseVersion(text)
  } catch {
    throw new ConfigError([
      `Name the version last, 14 digits: rowhouse mark acme 20261124101500 --applied. Got "${text}".`,
    ])
  }
}
