import type { Command } from 'commander'
import type { DroppedInfo } from '../../lifecycle/kept'
import { EXIT } from '../command'
import type { Run, Workplace } from '../command'

/** `rowhouse list` */
export function addList(program: Command, run: Run): void {
  program
    .command('list')
    .description('all tenants')
    .option('--dropped', 'dropped tenants whose data is kept')
    .action(async ({ dropped }: { dropped?: boolean }) => {
      await run(dropped === true ? listDropped : listTenants)
    })
}

async function listTenants({ tenancy, printer }: Workplace): Promise<number> {
  const tenants = await tenancy.list()
  const rows = tenants.map(({ tenant, prefix, state }) => [tenant, prefix, state])
  printer.table(['tenant', 'schema', 'state'], rows, tenants)
  return EXIT.ok
}

async function listDropped({ tenancy, printer }: Workplace): Promise<number> {
  const kept = await tenancy.listDropped()
  printer.table(['tenant', 'kept as', 'dropped at', 'kept until'], kept.map(cellsOf), kept)
  return EXIT.ok
}

function cellsOf({ tenant, keptAs, droppedAt, keptUntil }: DroppedInfo): string[] {
  return [tenant, keptAs, droppedAt, keptUntil]
}
