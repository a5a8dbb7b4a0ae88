import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A program that runs until it is ended. */
export interface Running {
  /** All that it has printed. */
  readonly output: () => string
  end(): Promise<void>
}

/** How to start it. */
export interface Start {
  readonly program: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** What it prints when it is ready. */
  readonly ready: RegExp
}

/**
 * Starts a program and waits until it is ready.
 *
 * @throws when it ends before, with what it has printed
 */
export async function startProcess({ program, args, cwd, env, ready }: Start): Promise<Running> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const exited = once(child, 'exit')
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill()
    await exited
  }
  await new Promise<void>((resolve, reject) => {
    const take = (part: Buffer): void => {
      output += String(part)
      if (ready.test(output)) resolve()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`It ended with ${code}:\n${output}`)))
  })
  return { output: () => output, end }
}
