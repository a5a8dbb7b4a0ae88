import type { Command } from 'commander'
import { EXIT } from '../command'
import type { Run } from '../command'

/** `rowhouse new create_widgets` */
export function addNew(program: Command, run: Run): void {
  program
    .command('new')
    .description('write a new, empty migration')
    .argument('<name>', 'CreateWidgets or create_widgets')
    .option('--sql', 'an SQL file with an up and a down section')
    .option('--js', 'a JavaScript file')
    .option('--ts', 'a TypeScript file (default)')
    .action(async (name: string, flags: { sql?: boolean; js?: boolean }) => {
      await run(
        async ({ tenancy, printer }) => {
          const path = await tenancy.newMigration(name, { kind: flags.sql ? 'sql' : flags.js ? 'js' : 'ts' })
          printer.result({ status: 'ok', path }, path)
          return EXIT.ok
        },
        { database: false },
      )
    })
}
