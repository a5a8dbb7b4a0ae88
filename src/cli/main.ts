#!/usr/bin/env node
import { askOnTerminal } from './confirm'
import { runProgram } from './program'

// `rowhouse list | head`: whoever reads has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

runProgram(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  ask: process.stdin.isTTY && process.stderr.isTTY ? askOnTerminal : undefined,
}).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error)
    process.exitCode = 1
  },
)
