/**
 * Owns one temporary folder and the database server in it, and outlives the process that asked for them. When its standard
 * input closes, for whatever reason (stop(), Ctrl-C, a crash, SIGKILL), it stops the server and removes the folder.
 *
 * Plain JavaScript: bare node runs it, whichever loader (jest, tsx, esbuild-register) its parent runs under.
 */
import { spawn } from 'node:child_process'
import { chownSync, mkdirSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

const { folder, user } = JSON.parse(process.argv[2])
let child
let childStopSignal
let closing = false

process.stdout.on('error', () => {})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, close)
createInterface({ input: process.stdin })
  .on('line', (order) => answer(() => launch(JSON.parse(order))))
  .on('close', close)
await answer(makeFolder)

function makeFolder() {
  mkdirSync(folder, { mode: 0o700 })
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid)
  return { folder }
}

async function launch({ initdb, server, readyText, stopSignal, env }) {
  if (initdb) await run(initdb, { stopSignal: 'SIGTERM', env })
  return { pid: await run(server, { stopSignal, env, readyText }) }
}

/** Settles when the program ends, or once it has printed `readyText`; from then on its end is the end of all. */
function run([file, ...args], { stopSignal, env, readyText }) {
  return new Promise((resolve, reject) => {
    let log = ''
    let ready = false
    childStopSignal = stopSignal
    child = spawn(file, args, {
      ...user,
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.on('error', reject)
    child.stderr.on('data', (data) => {
      log = (log + data).slice(-8000)
      if (ready || !readyText || !log.includes(readyText)) return
      ready = true
      resolve(child.pid)
    })
    // 'close' and not 'exit': no process of the server is left that could still write into the folder.
    child.on('close', (code) => {
      child = undefined
      if (closing || ready) finish()
      else if (code === 0) resolve()
      else reject(new Error(`${file} ended with code ${code}:\n${log}`))
    })
  })
}

async function answer(work) {
  try {
    tell(await work())
  } catch (error) {
    tell({ error: error.message })
  }
}

function tell(reply) {
  process.stdout.write(`${JSON.stringify(reply)}\n`)
}

function close() {
  if (closing) return
  closing = true
  if (child) child.kill(childStopSignal)
  else finish()
}

function finish() {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  process.exit()
}
