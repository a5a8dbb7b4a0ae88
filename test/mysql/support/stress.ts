import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import type { ErrorRequestHandler, Express } from 'express'
import { listen } from '../../isolation/support/app'
import { Caller, CONCURRENCY } from '../../isolation/support/caller'
import { Dice } from '../../isolation/support/dice'
import { cutAny } from '../../isolation/support/harness'
import { judge } from '../../isolation/support/judge'
import type { Kind } from '../../isolation/support/kind'
import { Ledger } from '../../isolation/support/ledger'
import type { Finding } from '../../isolation/support/ledger'
import { Schedule } from '../../isolation/support/schedule'
import type { Planned } from '../../isolation/support/schedule'
import type { Account, Errand } from '../../isolation/support/turn'
import type { MysqlKind } from './stress-turn'
import { endOrphans, isLost, strike } from './mysql-outside'
import type { MysqlSubject } from './stress-subjects'
import type { StressTown } from './stress-town'

/** How to run. */
export interface MysqlStressOptions {
  readonly seed: number
  readonly rounds: number
  /** Requests at once, which are those of one round. Default {@link CONCURRENCY}. */
  readonly concurrency?: number
  readonly kinds: readonly MysqlKind[]
  /** Kills from outside in each round. */
  readonly strikes: number
  /** Connections that break in each round, where the subject has a proxy. */
  readonly cuts?: number
}

/** What came of it. */
export interface MysqlReport {
  readonly findings: readonly Finding[]
  readonly acknowledged: number
  /** Requests that failed because of a killed query or connection. */
  readonly disturbed: number
  readonly requests: number
  readonly rowsSeen: number
  readonly writes: number
}

/** How long a request may take, in milliseconds. */
const LIMIT_MS = 20_000

/** Drives a pool through Express with many requests at once, and looks into the tables at the end. */
export async function stress(
  subject: MysqlSubject,
  town: StressTown,
  options: MysqlStressOptions,
): Promise<MysqlReport> {
  const app = await listen(createApp(subject, town, options.kinds))
  const caller = new Caller(app.port, LIMIT_MS)
  const run = new Run(town, caller, options)
  try {
    for (let round = 0; round < options.rounds && !run.hangs; round += 1) {
      const struck = strike(town, new Dice(options.seed + round), options.strikes)
      const broken = cutAny(subject.proxy, new Dice(options.seed - round), options.cuts ?? 0)
      await run.round()
      await Promise.all([struck, broken])
    }
  } finally {
    caller.close()
    await app.close()
    const late = sleep(LIMIT_MS, 'late', { ref: false })
    if ((await Promise.race([ended(subject), late])) === 'late')
      run.note({ type: 'unanswered', what: 'end() of the pool' })
    if (subject.proxy) await endOrphans(town, subject.proxy)
  }
  return run.report()
}

/** As of mysql2, the end of a pool tells of a connection that was lost just then. */
async function ended(subject: MysqlSubject): Promise<void> {
  await subject.close().catch((error: Error) => {
    if (!isLost(error)) throw error
  })
}

/** The requests of one run, and what was found so far. */
class Run {
  readonly #town: StressTown
  readonly #caller: Caller
  readonly #concurrency: number
  readonly #schedule: Schedule
  readonly #ledger = new Ledger()
  readonly #findings: Finding[] = []
  #requests = 0
  #acknowledged = 0
  #disturbed = 0
  #rowsSeen = 0

  constructor(
    town: StressTown,
    caller: Caller,
    { seed, kinds, concurrency = CONCURRENCY }: MysqlStressOptions,
  ) {
    this.#town = town
    this.#caller = caller
    this.#concurrency = concurrency
    // The schedule looks at names, weights and tokens only.
    this.#schedule = new Schedule(seed, town.tenants, kinds as unknown as readonly Kind[])
  }

  /** A request got no answer, and those behind it would not either. */
  get hangs(): boolean {
    return this.#findings.some(({ type }) => type === 'unanswered')
  }

  note(finding: Finding): void {
    this.#findings.push(finding)
  }

  async round(): Promise<void> {
    const planned = this.#schedule.take(this.#concurrency)
    await Promise.all(planned.map((each) => this.#request(each)))
    this.#requests += planned.length
  }

  /** To be called when nothing runs any more. */
  async report(): Promise<MysqlReport> {
    const stray = (await this.#town.strayTables()).map((what) => ({ type: 'stray table', what }) as const)
    return {
      findings: [...this.#findings, ...this.#ledger.audit(await this.#town.items()), ...stray],
      acknowledged: this.#acknowledged,
      disturbed: this.#disturbed,
      requests: this.#requests,
      rowsSeen: this.#rowsSeen,
      writes: this.#ledger.kept,
    }
  }

  async #request(planned: Planned): Promise<void> {
    const { kind, tenant, fates, errand } = planned
    for (const { token, fate } of fates) this.#ledger.expect(token, fate, kind.name)
    const answer = await this.#caller.call(tenant, kind.name, errand)
    const { error } = answer.reply
    const isDisturbed = error !== undefined && isLost(error)
    this.#rowsSeen += answer.reply.seen.length
    if (answer.status === 200) {
      this.#acknowledged += 1
      for (const { token } of fates) this.#ledger.acknowledge(token)
    } else if (isDisturbed) this.#disturbed += 1
    const findings = judge(planned, answer)
    this.#findings.push(...findings.filter(({ type }) => !(isDisturbed && type === 'unexpected failure')))
  }
}

function createApp(subject: MysqlSubject, town: StressTown, kinds: readonly MysqlKind[]): Express {
  const app = express()
  app.use(express.json())
  app.use('/tenants/:tenantId', (req, _res, next) => subject.run(req.params.tenantId, () => next()))
  for (const kind of kinds) {
    app.post(`/tenants/:tenantId/${encodeURIComponent(kind.name)}`, async (req, res) => {
      const account: Account = { seen: [], states: [], contexts: [] }
      res.locals.account = account
      const errand = req.body as Errand
      await kind.run({
        ...errand,
        tenant: req.params.tenantId,
        otherDatabase: town.schema(errand.other),
        subject,
        town,
        account,
      })
      res.json(account)
    })
  }
  app.use(((error: { code?: string; message: string }, _req, res, _next) => {
    const account = res.locals.account as Account
    res.status(500).json({ ...account, error: { code: error.code, message: error.message } })
  }) as ErrorRequestHandler)
  return app
}
