import { ConfigError, MigrationFailedError, MigrationFolderError, MigrationRefusedError } from '../errors'
import { EXIT } from './command'
import type { Desk, Workplace } from './command'
import { loadTenancy } from './config'
import type { Needs } from './config'
import { meantTenants } from './did-you-mean'
import { paintFor } from './paint'
import { createPrinter } from './print'
import type { Output } from './print'

/** The outside of a run of the CLI. */
export interface Surroundings extends Output {
  /** Asks on the terminal; undefined where there is none. */
  readonly ask: Desk['ask']
  /** Standard error is a terminal. Default false. */
  readonly hasTerminal?: boolean | undefined
  /** Makes a signal for Ctrl-C. Default: none. */
  readonly interruptible?: Desk['interruptible'] | undefined
}

/** How a command was called. */
export interface Call {
  readonly config: string | undefined
  readonly isJson: boolean
  readonly commandLine: string
}

/** Does a command's work, tells its error, and returns the exit code. */
export async function atDesk(
  { isJson, commandLine }: Call,
  { out, err, colours, ask, hasTerminal = false, interruptible = () => undefined }: Surroundings,
  work: (desk: Desk) => Promise<number>,
): Promise<number> {
  const printer = createPrinter({ out, err, colours }, isJson)
  const line = (text: string): void => out(`${text}\n`)
  const note = (text: string): void => err(`${text}\n`)
  const paint = paintFor(colours?.out === true)
  try {
    return await work({ printer, ask, line, note, isJson, paint, hasTerminal, commandLine, interruptible })
  } catch (error) {
    printer.error(error)
    return codeOf(error)
  }
}

/** The same with the tenancy that the configuration describes. */
export function inWorkplace(
  call: Call,
  surroundings: Surroundings,
  { needs, work }: { readonly needs: Needs; readonly work: (workplace: Workplace) => Promise<number> },
): Promise<number> {
  return atDesk(call, surroundings, async (desk) => {
    const tenancy = await loadTenancy(call.config, needs)
    try {
      return await work({ ...desk, tenancy })
    } catch (error) {
      const [meant] = (await meantTenants(tenancy, [error])).values()
      if (meant === undefined) throw error
      desk.printer.error(error, { didYouMean: meant })
      return codeOf(error)
    } finally {
      await tenancy.close()
    }
  })
}

/** Nothing was done where options or files are wrong, or a migration must not be run for any tenant. */
function codeOf(error: unknown): number {
  if (error instanceof ConfigError || error instanceof MigrationFolderError) return EXIT.usage
  return error instanceof MigrationRefusedError ||
    (error instanceof MigrationFailedError && error.tenant === undefined)
    ? EXIT.refused
    : EXIT.failed
}
