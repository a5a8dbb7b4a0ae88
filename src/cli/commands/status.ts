import type { Command } from 'commander'
import type { UnfinishedMigration } from '../../engine'
import type { FleetGroup, FleetStatus } from '../../fleet/status-fleet'
import type { TenantStatus } from '../../lifecycle/results'
import { EXIT } from '../command'
import type { Run, Workplace } from '../command'
import type { Paint } from '../paint'
import { describeProblems, FEW, shortList } from '../print'

const HEAD = ['tenant', 'schema', 'state', 'version', 'pending', 'missing']

interface Flags {
  readonly check?: boolean
  readonly verbose?: boolean
}

/** `rowhouse status` */
export function addStatus(program: Command, run: Run): void {
  program
    .command('status')
    .description('where each tenant stands: last version, pending migrations; many tenants in groups')
    .argument('[tenant...]')
    .option('--check', 'exit with 4 when a migration is pending or its file is missing')
    .option('--verbose', 'name all tenants of a group')
    .action(async (tenants: string[], flags: Flags) => {
      await run((workplace) =>
        tenants.length > 0 ? showTenants(workplace, tenants, flags) : showFleet(workplace, flags),
      )
    })
}

async function showTenants(
  { tenancy, printer }: Workplace,
  names: readonly string[],
  { check }: Flags,
): Promise<number> {
  const all: TenantStatus[] = []
  for (const name of names) all.push(await tenancy.status(name))
  const hasUnfinished = all.some(({ unfinished }) => unfinished !== undefined)
  printer.table(
    [...HEAD, ...(hasUnfinished ? ['unfinished'] : [])],
    all.map((status) => [...cellsOf(status), ...(hasUnfinished ? [tell(status.unfinished)] : [])]),
    all,
  )
  const isBehind = all.some(
    ({ pending, missing, unfinished }) =>
      pending.length > 0 || missing.length > 0 || unfinished !== undefined,
  )
  return check === true && isBehind ? EXIT.pending : EXIT.ok
}

async function showFleet(workplace: Workplace, flags: Flags): Promise<number> {
  const { tenancy, printer, isJson, line, paint } = workplace
  const status = await tenancy.statusAll()
  const { groups, creating, problems, tenants, atHead } = status
  for (const { tenant, error } of isJson ? [] : problems)
    printer.error(new Error(`${tenant}: ${error.message}`))
  if (isJson) line(JSON.stringify({ ...status, problems: describeProblems(problems) }))
  else if (tenants + creating.length > FEW) for (const text of linesOf(status, flags, paint)) line(text)
  else {
    // By schema name, which is the tenants' order in each group, too.
    const ids = [...groups.flatMap((group) => group.tenants), ...creating].sort()
    await showTenants(workplace, ids, {})
  }
  if (flags.check === true && atHead < tenants - problems.length) return EXIT.pending
  return problems.length > 0 ? EXIT.failed : EXIT.ok
}

/** One line for each group, and one for all. */
export function linesOf(
  { groups, creating, problems, tenants }: FleetStatus,
  { verbose }: Flags,
  { good, warn, bad }: Paint,
): string[] {
  const name = (ids: readonly string[]): string => (verbose === true ? ids.join(', ') : shortList(ids))
  const lines = groups.map((group) => {
    const { length } = group.tenants
    const count = length.toLocaleString('en')
    if (group.isAtHead) {
      const all = verbose === true ? `: ${name(group.tenants)}` : ''
      return good(`${count} at head (${group.version ?? 'no migrations'})`) + all
    }
    return `${warn(`${count} at ${group.version ?? 'no version'}, ${lackOf(group)}`)}: ${name(group.tenants)}`
  })
  if (creating.length > 0)
    lines.push(`${warn(`${creating.length.toLocaleString('en')} half made`)}: ${name(creating)}`)
  const failed = problems.length > 0 ? `, ${bad(`${problems.length} that can't be read`)}` : ''
  return [...lines, `${tenants.toLocaleString('en')} tenants${failed}`]
}

function lackOf({ pending, missing, renamed, changed, unfinished }: FleetGroup): string {
  const parts = [
    pending.length > 0 && `${pending.length} behind`,
    missing.length > 0 && `file missing of ${shortList(missing)}`,
    renamed.length > 0 && `renamed ${shortList(renamed)}`,
    changed.length > 0 && `changed since ${shortList(changed)}`,
    unfinished !== undefined && `unfinished ${tell(unfinished)}`,
  ]
  return parts.filter((part) => part !== false).join(', ')
}

function cellsOf({ tenant, prefix, state, versions, pending, missing }: TenantStatus): string[] {
  const version = String(versions.at(-1) ?? '-')
  return [tenant, prefix, state, version, String(pending.length), missing.join(', ') || '-']
}

function tell(unfinished: UnfinishedMigration | undefined): string {
  if (unfinished === undefined) return '-'
  const { name, direction, statement, error } = unfinished
  return `${name} (${direction}) at statement ${statement}${error === undefined ? '' : `: ${error}`}`
}
