import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { findFreePort } from '../../../scripts/server-keeper/free-port'
import { readExchange, shown } from './guide'
import type { Block } from './guide'

/** What a reader has on their machine. */
export interface Desk {
  readonly folder: string
  readonly databaseUrl: string
  /** The program of Node.js. */
  readonly node: string
  /** Takes the place of the package's name on npm. */
  readonly tarball: string
}

/** Somebody who does what a page says, block by block, and nothing else. */
export class Reader {
  #output = ''
  #server: ChildProcess | undefined
  #port = 0
  readonly #desk: Desk

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** Does what a block says. @throws when it can't be done, or something else is seen */
  async follow({ kind, name, text }: Block): Promise<void> {
    if (kind === 'http') return this.#ask(text)
    if (kind === 'sh' && name === 'server') return this.#serve(text)
    if (kind === 'sh') return this.#type(text)
    if (kind === 'console') return expect(this.#output).toMatch(shown(text))
    if (kind === 'diff') return this.#apply(text)
    if (name === 'notes.sql') return this.#load(text)
    if (name === undefined) throw new Error(`A block of ${kind} says nothing that can be done: ${text}`)
    this.#write(name, text)
  }

  async close(): Promise<void> {
    if (this.#server === undefined || this.#server.exitCode !== null) return
    const ended = once(this.#server, 'exit')
    this.#server.kill()
    await ended
  }

  #environment(): NodeJS.ProcessEnv {
    const { databaseUrl, node } = this.#desk
    const PATH = `${dirname(node)}:${process.env.PATH}`
    return { ...process.env, PATH, DATABASE_URL: databaseUrl, PORT: String(this.#port), NODE_OPTIONS: '' }
  }

  #type(text: string): void {
    const { folder, tarball } = this.#desk
    const line = text.replace('npm install rowhouse', `npm install --no-audit --no-fund ${tarball}`)
    const options = { cwd: folder, env: this.#environment(), encoding: 'utf8', timeout: 120_000 } as const
    this.#output = execFileSync('bash', ['-e', '-o', 'pipefail', '-c', line], options)
  }

  /** A name with a star is that of the one file that it finds. */
  #write(name: string, text: string): void {
    const [place = '', pattern] = [dirname(name), name.split('/').pop()!]
    const end = pattern.split('*')[1]
    const found =
      end === undefined
        ? [pattern]
        : readdirSync(join(this.#desk.folder, place)).filter((one) => one.endsWith(end))
    expect(found).toHaveLength(1)
    mkdirSync(join(this.#desk.folder, place), { recursive: true })
    writeFileSync(join(this.#desk.folder, place, found[0]!), text)
  }

  #apply(patch: string): void {
    execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: this.#desk.folder, input: patch })
  }

  async #load(sql: string): Promise<void> {
    const client = new Client({ connectionString: this.#desk.databaseUrl })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }

  async #serve(line: string): Promise<void> {
    this.#port = await findFreePort('127.0.0.1')
    const [, ...args] = line.trim().split(' ')
    const { node, folder } = this.#desk
    const server = spawn(node, args, {
      cwd: folder,
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#server = server
    const [first] = (await once(createInterface({ input: server.stdout }), 'line')) as [string]
    expect(first).toBe('It listens.')
  }

  async #ask(text: string): Promise<void> {
    const { method, path, body, headers, answer } = readExchange(text)
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
      method,
      headers: { ...headers, ...type },
      ...(body === undefined ? {} : { body }),
    })
    expect(`${response.status} ${await response.text()}`.trim()).toBe(answer)
  }
}
