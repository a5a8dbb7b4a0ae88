import type { AnyTenancy, Needs } from './config'
import type { Paint } from './paint'
import type { Printer } from './print'

/** What a command gets that works on no tenancy. */
export interface Desk {
  readonly printer: Printer
  /** Asks on the terminal; undefined where there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string>) | undefined
  /** Writes one line to standard output, whatever the form. */
  readonly line: (text: string) => void
  readonly isJson: boolean
  /** Writes a line that is no result: to standard error. */
  readonly note: (text: string) => void
  /** For what goes to standard output. */
  readonly paint: Paint
  /** Somebody watches standard error. */
  readonly hasTerminal: boolean
  /** What was typed, to be said again. */
  readonly commandLine: string
  /** From now on Ctrl-C is answered by this signal; a second one ends the process. */
  readonly interruptible: () => AbortSignal | undefined
}

/** What every other command gets. */
export interface Workplace extends Desk {
  readonly tenancy: AnyTenancy
}

/** The exit codes, as docs/cli.md lists them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, refused: 3, pending: 4, interrupted: 130 } as const

/** Runs a command's work in an open workplace and takes its exit code. */
export type Run = (work: (workplace: Workplace) => Promise<number>, needs?: Needs) => Promise<void>

/** Runs a command's work that needs no configuration, and takes its exit code. */
export type RunAtDesk = (work: (desk: Desk) => Promise<number>) => Promise<void>
