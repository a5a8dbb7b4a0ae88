import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** Which tenants, and as whom. */
export interface Order {
  readonly engine: 'postgres' | 'mysql'
  readonly appUrl: string
  readonly ownerUrl: string
  readonly prefix: string
  /** Folder of the migrations. */
  readonly migrations: string
  /** Each tenant has a role. */
  readonly isHard: boolean
}

/** What the process is told. */
export interface Call {
  readonly number: number
  readonly method: 'create' | 'migrate' | 'drop'
  readonly tenant: string
  readonly options: object | undefined
}

/** What it answers. */
export interface Answer {
  readonly number: number
  readonly error?: { readonly code: string | undefined; readonly message: string }
}

/** A tenancy in a process of its own, by what it does with tenants. The pools of this process are told nothing of it. */
export class Lifecycle {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #calls = 0

  constructor(order: Order) {
    const execArgv = ['--import', 'tsx']
    this.#child = fork(join(__dirname, 'lifecycle-process.ts'), [JSON.stringify(order)], { execArgv })
    this.#child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.number)?.(answer)
      this.#waiting.delete(answer.number)
    })
    this.#child.once('exit', (code) => {
      const error = { code: undefined, message: `The process of the lifecycles has ended with ${code}.` }
      for (const [number, tell] of this.#waiting) tell({ number, error })
    })
  }

  create(tenant: string, options?: object): Promise<void> {
    return this.#call('create', tenant, options)
  }

  migrate(tenant: string, options?: object): Promise<void> {
    return this.#call('migrate', tenant, options)
  }

  drop(tenant: string, options?: object): Promise<void> {
    return this.#call('drop', tenant, options)
  }

  /** Ends the process. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.disconnect()
    await exit
  }

  async #call(method: Call['method'], tenant: string, options: object | undefined): Promise<void> {
    const number = ++this.#calls
    const { error } = await new Promise<Answer>((resolve) => {
      this.#waiting.set(number, resolve)
      this.#child.send({ number, method, tenant, options } satisfies Call)
    })
    if (error !== undefined) throw Object.assign(new Error(error.message), error)
  }
}
