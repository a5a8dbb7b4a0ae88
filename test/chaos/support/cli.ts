import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Fleet } from './fleet'
import type { Workshop } from './workshop'

/** A line of `rowhouse --json`. */
export interface Line {
  readonly event?: string
  readonly status?: string
  readonly tenant?: string
  readonly migration?: string
  readonly versions?: readonly number[]
  readonly done?: number
  readonly failed?: number
  readonly notRun?: number
  readonly tries?: number
  readonly error?: Failure
  readonly [key: string]: unknown
}

/** What a failure says of itself. */
export interface Failure {
  readonly code?: string
  readonly message: string
  readonly tenant?: string
  readonly migration?: string
  readonly statement?: number
  readonly line?: number
}

/** How a command ended. */
export interface Ending {
  /** Undefined: it was killed. */
  readonly code: number | undefined
  readonly lines: readonly Line[]
  readonly errors: string
}

/** Where it runs, and what ends it early. */
interface CliPlace {
  readonly workshop: Workshop
  readonly fleet: Pick<Fleet, 'env'>
  readonly signal: AbortSignal
}

/** One process of the command line. */
export class CliProcess {
  /** Resolves when it has ended, however it did. */
  readonly ended: Promise<Ending>
  isRunning = true
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #lines: Line[] = []
  #errors = ''

  /** @param onLine - is called for each line as it comes */
  constructor(
    { workshop, fleet, signal }: CliPlace,
    args: readonly string[],
    onLine: (line: Line) => void = () => {},
  ) {
    const { PATH } = process.env
    this.#child = spawn(process.execPath, [workshop.program, ...args, '--json'], {
      cwd: workshop.path,
      env: { PATH, ...fleet.env },
      signal,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    // That it was ended.
    this.#child.on('error', () => {})
    this.#child.stderr.on('data', (data: Buffer) => (this.#errors += data.toString()))
    createInterface({ input: this.#child.stdout }).on('line', (text) => {
      const line = parse(text)
      if (line === undefined) return
      this.#lines.push(...(Array.isArray(line) ? (line as Line[]) : [line]))
      onLine(line)
    })
    this.ended = this.#end()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Its end; killed after a time that no command needs, and `code` is undefined then. */
  async endWithin(ms: number): Promise<Ending> {
    const timer = setTimeout(() => this.kill(), ms)
    try {
      return await this.ended
    } finally {
      clearTimeout(timer)
    }
  }

  async #end(): Promise<Ending> {
    const code = await new Promise<number | null>((resolve) => this.#child.once('close', resolve))
    this.isRunning = false
    return { code: code ?? undefined, lines: this.#lines, errors: this.#errors }
  }
}

/** What was killed may leave half a line. */
function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line
  } catch {
    return undefined
  }
}
