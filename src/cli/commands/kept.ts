import type { Command } from 'commander'
import { Option } from 'commander'
import { ConfigError } from '../../errors'
import { EXIT } from '../command'
import type { Run } from '../command'
import { confirmed } from '../confirm'

/** `rowhouse undrop acme` */
export function addUndrop(program: Command, run: Run): void {
  program
    .command('undrop')
    .description('bring back a tenant that was dropped with --keep')
    .argument('<tenant>')
    .option('--kept-as <schema>', 'which of several, as list --dropped calls it; default: the newest')
    .action(async (tenant: string, { keptAs }: { keptAs?: string }) => {
      await run(async ({ tenancy, printer }) => {
        const result = await tenancy.undrop(tenant, { keptAs })
        printer.result(result, `${result.tenant}: is back as ${result.prefix}`)
        return EXIT.ok
      })
    })
}

/** `rowhouse purge --expired` */
export function addPurge(program: Command, run: Run): void {
  program
    .command('purge')
    .description('drop for good what is kept of dropped tenants')
    .argument('[tenant]', 'of this one, whether its time is over or not')
    .addOption(new Option('--expired', 'of all whose time is over'))
    .option('--cascade', 'also drop what outside its schema depends on it')
    .option('-y, --yes', 'do not ask')
    .action(
      async (tenant: string | undefined, flags: { expired?: boolean; cascade?: boolean; yes?: boolean }) => {
        await run(async (workplace) => {
          const cascade = flags.cascade === true
          if ((tenant === undefined) === (flags.expired !== true))
            throw new ConfigError(['Name a tenant, or say --expired. Nothing was dropped.'])
          if (tenant !== undefined)
            await confirmed(
              workplace,
              flags.yes === true,
              `Delete what is kept of the dropped tenant "${tenant}"?`,
            )
          const { tenancy, printer } = workplace
          const purged = await tenancy.purge(
            tenant === undefined ? { expired: true, cascade } : { tenant, cascade },
          )
          for (const one of purged) printer.result(one, `${one.tenant}: purged ${one.keptAs}`)
          if (purged.length === 0) printer.result({ status: 'ok', purged: 0 }, 'nothing to purge')
          return EXIT.ok
        })
      },
    )
}

/** `rowhouse rename acme acme2` */
export function addRename(program: Command, run: Run): void {
  program
    .command('rename')
    .description('give a tenant another id, and its schema the name of that')
    .argument('<tenant>')
    .argument('<new-id>')
    .action(async (tenant: string, newId: string) => {
      await run(async ({ tenancy, printer }) => {
        const result = await tenancy.rename(tenant, newId)
        printer.result(result, `${tenant}: is ${result.tenant} now (${result.prefix})`)
        return EXIT.ok
      })
    })
}
