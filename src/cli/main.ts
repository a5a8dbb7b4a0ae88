#!/usr/bin/env node
import type { WriteStream } from 'node:tty'
import { askOnTerminal } from './confirm'
import { runProgram } from './program'

// `rowhouse list | head`: whoever reads has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

/** The second Ctrl-C finds no listener, and ends the process. */
function interruptible(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}

/** A terminal that shows them, and NO_COLOR is not set: Node looks at both. */
function hasColours(stream: WriteStream): boolean {
  return stream.isTTY && stream.hasColors()
}

runProgram(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  ask: process.stdin.isTTY && process.stderr.isTTY ? askOnTerminal : undefined,
  hasTerminal: process.stderr.isTTY,
  colours: { out: hasColours(process.stdout), err: hasColours(process.stderr) },
  interruptible,
}).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error)
    process.exitCode = 1
  },
)
