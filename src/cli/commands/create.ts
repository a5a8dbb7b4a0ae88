import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { EXIT } from '../command'
import type { Run } from '../command'

type IfExists = 'migrate' | 'error'

/** `rowhouse create acme` */
export function addCreate(program: Command, run: Run): void {
  program
    .command('create')
    .description('create tenants and run all migrations for them')
    .argument('<tenant...>')
    .option('--no-migrate', 'only the empty schema')
    .option('--if-exists <what>', '"migrate" it, or "error"', parseIfExists, 'migrate')
    .action(async (tenants: string[], flags: { migrate: boolean; ifExists: IfExists }) => {
      await run(async ({ tenancy, printer }) => {
        for (const tenant of tenants) {
          const result = await tenancy.create(tenant, flags)
          const done = result.created ? 'created' : 'was there'
          printer.result(result, `${result.tenant}: ${done}, ${result.versions.length} migrations run`)
        }
        return EXIT.ok
      })
    })
}

function parseIfExists(text: string): IfExists {
  if (text === 'migrate' || text === 'error') return text
  throw new InvalidArgumentError('It is "migrate" or "error".')
}
