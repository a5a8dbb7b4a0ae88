import { CommanderError, InvalidArgumentError } from 'commander'

const USAGE = 2

/**
 * Runs what a command line asks for, and takes its exit code: 2 for wrong usage, and for an error that nobody caught.
 *
 * @param parse - throws CommanderError, also for `--help`
 */
export function runCommand<Options>(
  parse: (args: readonly string[], freshSeed: number) => Options,
  run: (options: Options) => Promise<number>,
): void {
  const main = async (): Promise<number> => {
    let options: Options
    try {
      options = parse(process.argv.slice(2), Date.now() % 1_000_000)
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      return error.exitCode === 0 ? 0 : USAGE
    }
    return run(options)
  }
  main().then(
    (code) => {
      process.exitCode = code
    },
    (error: unknown) => {
      console.error(error)
      process.exitCode = USAGE
    },
  )
}

/** Reads a whole number that is not below another. */
export function wholeFrom(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(number) || number < least)
      throw new InvalidArgumentError(`It is a whole number from ${least}.`)
    return number
  }
}
