import type { Command } from 'commander'
import { ConfigError } from '../../errors'
import { EXIT } from '../command'
import type { Run } from '../command'

/** `rowhouse drop acme` */
export function addDrop(program: Command, run: Run): void {
  program
    .command('drop')
    .description('drop a tenant with all its data')
    .argument('<tenant>')
    .option('--confirm <tenant>', 'its name once more, where nobody can be asked')
    .option('--keep <time>', 'put its data aside for so long, such as 30d, to undrop or purge it')
    .option('--cascade', 'also drop what outside its schema depends on it')
    .action(async (tenant: string, flags: { confirm?: string; cascade?: boolean; keep?: string }) => {
      await run(async ({ tenancy, printer, ask }) => {
        const typed =
          flags.confirm ??
          (await ask?.(
            flags.keep === undefined
              ? `Drop tenant "${tenant}" and all its data? Type its name: `
              : `Drop tenant "${tenant}", and keep its data for ${flags.keep}? Type its name: `,
          ))
        if (typed === undefined)
          throw new ConfigError([
            `Nobody can be asked here. Say: rowhouse drop ${tenant} --confirm ${tenant}`,
          ])
        if (typed.trim() !== tenant)
          throw new ConfigError([`"${typed.trim()}" is not "${tenant}". Nothing was dropped.`])
        if (flags.keep !== undefined) {
          if (flags.cascade === true)
            throw new ConfigError(['Say --keep or --cascade, not both: what stands on kept data can stay.'])
          const kept = await tenancy.drop(tenant, { keep: flags.keep })
          printer.result(kept, `${kept.tenant}: dropped, kept as ${kept.keptAs} until ${kept.keptUntil}`)
          return EXIT.ok
        }
        const result = await tenancy.drop(tenant, { cascade: flags.cascade === true })
        printer.result(result, `${result.tenant}: dropped ${result.prefix}`)
        return EXIT.ok
      })
    })
}

/** `rowhouse adopt acme` */
export function addAdopt(program: Command, run: Run): void {
  program
    .command('adopt')
    .description('take over a schema that another tool made')
    .argument('<tenant...>')
    .action(async (tenants: string[]) => {
      await run(async ({ tenancy, printer }) => {
        for (const tenant of tenants) {
          const result = await tenancy.adopt(tenant)
          printer.result(
            result,
            `${result.tenant}: ${result.prefix} is ours, at ${result.versions.at(-1) ?? 'no version'}`,
          )
        }
        return EXIT.ok
      })
    })
}
