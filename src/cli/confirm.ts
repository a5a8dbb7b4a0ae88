import { createInterface } from 'node:readline/promises'
import { ConfigError } from '../errors'
import type { Workplace } from './command'

/** Asks a question on the terminal, and reads one line. */
export async function askOnTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await terminal.question(question)
  } finally {
    terminal.close()
  }
}

/**
 * Goes on when somebody says yes.
 *
 * @throws ConfigError otherwise, and where there is nobody to ask
 */
export async function confirmed({ ask }: Workplace, isSure: boolean, question: string): Promise<void> {
  if (isSure) return
  if (ask === undefined) throw new ConfigError([`${question} Nobody can be asked here: say --yes.`])
  const answer = await ask(`${question} Type "yes": `)
  if (answer.trim() !== 'yes') throw new ConfigError(['Nothing was done.'])
}
