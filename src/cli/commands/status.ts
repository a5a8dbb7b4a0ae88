import type { Command } from 'commander'
import { EXIT } from '../command'
import type { Run } from '../command'

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
        printer.table(
          ['tenant', 'schema', 'state', 'version', 'pending', 'missing'],
          all.map(({ tenant, prefix, state, versions, pending, missing }) => [
            tenant,
            prefix,
            state,
            String(versions.at(-1) ?? '-'),
            String(pending.length),
            missing.join(', ') || '-',
          ]),
          all,
        )
        const isBehind = all.some(({ pending, missing }) => pending.length > 0 || missing.length > 0)
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
