import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { ConfigError } from '../../errors'
import { EXIT } from '../command'
import type { Run } from '../command'

type Mark = 'applied' | 'reverted'

interface Flags {
  readonly mark?: Mark
  readonly retry?: boolean
  readonly skip?: boolean
}

/** `rowhouse repair acme --mark applied` */
export function addRepair(program: Command, run: Run): void {
  program
    .command('repair')
    .description('end an interrupted migration of which nobody but you can tell what it did (MySQL)')
    .argument('<tenant>')
    .option('--mark <state>', '"applied" or "reverted": all of it is, by hand', parseMark)
    .option('--retry', 'the statement in doubt did nothing: the next run sends it again')
    .option('--skip', 'the statement in doubt is done: the next run goes on behind it')
    .action(async (tenant: string, { mark, retry, skip }: Flags) => {
      await run(async ({ tenancy, printer }) => {
        const said = [mark, retry, skip].filter((flag) => flag !== undefined)
        if (said.length !== 1)
          throw new ConfigError(['Say one of --mark applied, --mark reverted, --retry and --skip.'])
        const how = mark !== undefined ? { mark } : retry === true ? { retry } : ({ skip: true } as const)
        const result = await tenancy.repair(tenant, how)
        const next =
          mark === undefined
            ? `will go on (${retry === true ? 'again' : 'behind'} statement ${result.statement})`
            : `is ${mark}`
        printer.result(result, `${result.tenant}: ${result.migration} ${next}`)
        return EXIT.ok
      })
    })
}

function parseMark(text: string): Mark {
  if (text === 'applied' || text === 'reverted') return text
  throw new InvalidArgumentError('It is "applied" or "reverted".')
}
