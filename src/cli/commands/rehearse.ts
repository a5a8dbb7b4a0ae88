import type { Command } from 'commander'
import { EXIT } from '../command'
import type { Run } from '../command'

/** `rowhouse rehearse` */
export function addRehearse(program: Command, run: Run): void {
  program
    .command('rehearse')
    .description('run all migrations where nobody sees it, and take all of it back')
    .action(async () => {
      await run(async ({ tenancy, printer }) => {
        const rehearsal = await tenancy.rehearse()
        const { of, migrations, reverted } = rehearsal
        const back = reverted === undefined ? '' : `, ${reverted} taken back by their ways down`
        printer.result(
          { status: 'ok', ...rehearsal },
          `rehearsed ${migrations} of ${of} migrations${back}; nothing is left of it`,
        )
        return EXIT.ok
      })
    })
}
