import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { ServerUser } from './server-user'

/** What a keeper starts: programs with their arguments. */
export interface Launch {
  /** Makes the data folder, before the server starts. */
  readonly initdb?: readonly string[]
  readonly server: readonly string[]
  /** Printed by the server once it accepts connections. */
  readonly readyText: string
  readonly stopSignal: 'SIGINT' | 'SIGQUIT' | 'SIGTERM' | 'SIGKILL'
  /** On top of PATH, UTC and the C locale. */
  readonly env?: Readonly<Record<string, string>>
}

/** A process of its own that owns a temporary folder and a server, and cleans up when this process ends or closes it. */
export interface Keeper {
  readonly folder: string
  /** Starts the server and tells its process id; fails with what the server printed. */
  launch(order: Launch): Promise<number>
  /** Done when the server has ended and the folder is gone. */
  close(): Promise<void>
}

interface Reply {
  readonly pid?: number
  readonly error?: string
}

type KeeperProcess = ChildProcessByStdio<Socket, Socket, null>

/**
 * Starts a keeper. It runs in a session of its own, so the Ctrl-C of a terminal does not reach it: it reads the end of
 * this process from the pipe between them. So nobody needs a signal handler, and each signal keeps its meaning.
 *
 * @param what - in the folder's name, `postgres`
 * @param user - who owns the folder and runs the server
 */
export async function openKeeper(what: string, user: ServerUser): Promise<Keeper> {
  const folder = join(tmpdir(), `rowhouse-${what}-${randomUUID()}`)
  const child = spawnKeeper(JSON.stringify({ folder, user }))
  const lines = createInterface({ input: child.stdout })
  const exited = once(child, 'exit')
  await readReply(lines)
  return {
    folder,
    async launch(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      const { pid } = await readReply(lines)
      letParentExit(child)
      return pid!
    },
    async close() {
      child.ref()
      child.stdin.end()
      await exited
    },
  }
}

function spawnKeeper(order: string): KeeperProcess {
  const child = spawn(process.execPath, [join(__dirname, 'keeper-process.mjs'), order], {
    detached: true,
    // Nothing else of this environment, such as NODE_OPTIONS or PGDATA, is meant for the server.
    env: { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'ignore'],
  }) as unknown as KeeperProcess // the types of Node know the pipes of a child as streams only
  child.stdin.on('error', () => {})
  return child
}

/** @throws what the keeper reports */
function readReply(lines: Interface): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new Error('The process that keeps the server has ended without a reply.'))
    lines.once('close', onClose)
    lines.once('line', (line) => {
      lines.off('close', onClose)
      const reply = JSON.parse(line) as Reply
      if (reply.error === undefined) resolve(reply)
      else reject(new Error(reply.error))
    })
  })
}

function letParentExit(child: KeeperProcess): void {
  child.unref()
  child.stdin.unref()
  child.stdout.unref()
}
