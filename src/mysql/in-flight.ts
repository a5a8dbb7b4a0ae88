import { tellLost } from './command-checks'
import type { Command } from './driver'

/** The commands of one connection that are not through, other than what travels around them. */
export class InFlight {
  readonly #commands = new Set<Command>()
  readonly #waiting: (() => void)[] = []
  readonly #onCommandEnd: (this: Command) => void

  constructor() {
    // The emitter is `this`: one listener for all commands.
    const onEnd = (command: Command): void => {
      this.#commands.delete(command)
      this.#tellIfIdle()
    }
    this.#onCommandEnd = function (this: Command) {
      onEnd(this)
    }
  }

  /** Counts a command in until its end. */
  add(command: Command): void {
    this.#commands.add(command)
    command.prependListener('end', this.#onCommandEnd)
  }

  get size(): number {
    return this.#commands.size
  }

  /** Calls back when there is none any more. */
  whenIdle(callback: () => void): void {
    this.#waiting.push(callback)
  }

  /** The connection is lost. mysql2 tells that to callbacks only: a stream would hang. */
  lose(error: Error): void {
    for (const command of [...this.#commands]) {
      if (!command.onResult) tellLost(command, error)
    }
    this.#commands.clear()
    this.#tellIfIdle()
  }

  #tellIfIdle(): void {
    if (this.#commands.size === 0) for (const callback of this.#waiting.splice(0)) callback()
  }
}
