/** What a job carries, as `tenancy.jobData()` makes it. */
export interface ImportData {
  /** Whose it is. */
  readonly tenant: string
  /** How many widgets to make. */
  readonly widgets: number
}

/** A job, and how far it is. */
export interface ImportJob {
  /** Counted for each tenant by itself: from another's imports it can learn nothing. */
  readonly id: number
  readonly data: ImportData
  state: 'waiting' | 'running' | 'done' | 'failed'
  /** Widgets that are there. */
  done: number
}

/** What does a job. It may end early once it is told so. */
export type ImportWork = (job: ImportJob, signal: AbortSignal) => Promise<unknown>

const KEPT = 1000

/**
 * Does jobs one after the other, whosever they are, in this process. What it knows is gone when the process ends; an
 * application has a queue that stays, such as pg-boss or BullMQ, and the same two calls: `jobData` and `wrapJob`.
 */
export class ImportQueue {
  readonly #work: ImportWork
  readonly #log: (error: unknown) => void
  readonly #jobs: ImportJob[] = []
  readonly #end = new AbortController()
  #running: Promise<void> | undefined

  constructor(work: ImportWork, log: (error: unknown) => void) {
    this.#work = work
    this.#log = log
  }

  add(data: ImportData): ImportJob {
    const job: ImportJob = { id: (this.of(data.tenant)[0]?.id ?? 0) + 1, data, state: 'waiting', done: 0 }
    this.#jobs.push(job)
    if (this.#jobs.length > KEPT) this.#jobs.shift()
    this.#running ??= this.#run()
    return job
  }

  /** Jobs of one tenant, the newest first. */
  of(tenant: string): readonly ImportJob[] {
    return this.#jobs.filter(({ data }) => data.tenant === tenant).reverse()
  }

  /** Begins no more jobs, and waits for the one that runs. */
  async close(): Promise<void> {
    this.#end.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    for (let job = this.#next(); job !== undefined; job = this.#next()) await this.#perform(job)
    this.#running = undefined
  }

  #next(): ImportJob | undefined {
    return this.#end.signal.aborted ? undefined : this.#jobs.find(({ state }) => state === 'waiting')
  }

  async #perform(job: ImportJob): Promise<void> {
    job.state = 'running'
    try {
      await this.#work(job, this.#end.signal)
      job.state = 'done'
    } catch (error) {
      job.state = 'failed'
      this.#log(error)
    }
  }
}
