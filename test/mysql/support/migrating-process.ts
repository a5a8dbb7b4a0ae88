import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Order } from './crash-process'

const root = join(__dirname, '../../..')

/** Makes crash-process.ts ready to be run. Each test file has its own: two may be compiling at once. */
export function compileProcess(name: string): string {
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true })
  const compiled = join(root, `node_modules/.cache/rowhouse-${name}.cjs`)
  execFileSync(join(root, 'node_modules/.bin/esbuild'), [
    join(__dirname, 'crash-process.ts'),
    '--bundle',
    '--platform=node',
    '--packages=external',
    `--outfile=${compiled}`,
    '--log-level=error',
  ])
  return compiled
}

/** Runs it to its end: `[0, null]`, or `[null, 'SIGKILL']`. */
export async function runProcess(compiled: string, order: Order): Promise<unknown[]> {
  const child = spawn(process.execPath, [compiled, JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return once(child, 'exit')
}
