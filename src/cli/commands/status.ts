import type { Command } from 'commander'
import type { UnfinishedMigration } from '../../engine'
import type { TenantStatus } from '../../lifecycle/results'
import { EXIT } from '../command'
import type { Run } from '../command'

const HEAD = ['tenant', 'schema', 'state', 'version', 'pending', 'missing']

/** `rowhouse status` */
export function addStatus(program: Command, run: Run): void {
  program
    .command('status')
    .description('where each tenant stands: last version, pending migrations')
    .argument('[tenant...]')
    .option('--check', 'exit with 4 when a migration is pending or its file is missing')
    .action(async (tenants: string[], flags: { check?: boolean }) => {
      await run(async ({ tenancy, printer }) => {
        const names = tenants.length > 0 ? tenants : (await tenancy.list()).map(({ tenant }) => tenant)
        const all = []
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
        return flags.check === true && isBehind ? EXIT.pending : EXIT.ok
      })
    })
}

/** `rowhouse list` */
export function addList(program: Command, run: Run): void {
  program
    .command('list')
    .description('all tenants')
    .action(async () => {
      await run(async ({ tenancy, printer }) => {
        const tenants = await tenancy.list()
        printer.table(
          ['tenant', 'schema', 'state'],
          tenants.map(({ tenant, prefix, state }) => [tenant, prefix, state]),
          tenants,
        )
        return EXIT.ok
      })
    })
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
