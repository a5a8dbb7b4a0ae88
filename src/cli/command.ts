import type { AnyTenancy, Needs } from './config'
import type { Printer } from './print'

/** What every command gets. */
export interface Workplace {
  readonly tenancy: AnyTenancy
  readonly printer: Printer
  /** Asks on the terminal; undefined where there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string>) | undefined
  /** Writes one line to standard output, whatever the form. */
  readonly line: (text: string) => void
  readonly isJson: boolean
  /** Writes a line that is no result: to standard error. */
  readonly note: (text: string) => void
  /** Somebody watches standard error. */
  readonly hasTerminal: boolean
  /** What was typed, to be said again. */
  readonly commandLine: string
  /** From now on Ctrl-C is answered by this signal; a second one ends the process. */
  readonly interruptible: () => AbortSignal | undefined
}

/** The exit codes, as docs/cli.md lists them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, refused: 3, pending: 4, interrupted: 130 } as const

/** Runs a command's work in an open workplace and takes its exit code. */
export type Run = (work: (workplace: Workplace) => Promise<number>, needs?: Needs) => Promise<void>
