import { setTimeout as sleep } from 'node:timers/promises'
import type { CuttingProxy } from '../../support/cutting-proxy'
import { createApp, listen } from './app'
import { Caller, CONCURRENCY } from './caller'
import { Dice } from './dice'
import { isDisturbed, judge } from './judge'
import type { Kind } from './kind'
import { Ledger } from './ledger'
import type { Finding, FindingType } from './ledger'
import { Outside } from './outside'
import { Schedule } from './schedule'
import type { Planned } from './schedule'
import { POOL_SIZE } from './subjects'
import type { Subject } from './subjects'
import type { Town } from './town'
import { Turnstile } from './turnstile'

/** How to run. */
export interface StressOptions {
  readonly seed: number
  readonly rounds: number
  /** Requests at once, which are those of one round. Default {@link CONCURRENCY}. */
  readonly concurrency?: number
  readonly kinds: readonly Kind[]
  /** Cancels and kills from outside in each round, beside those that requests ask for themselves. */
  readonly strikes: number
  /** Connections that break in each round, where the subject has a proxy. */
  readonly cuts?: number
  /** How long a request may take. */
  readonly limitMs: number
  /** Stops after the round in which each of these was found. */
  readonly untilFound?: readonly FindingType[]
}

/** What came of it. */
export interface Report {
  readonly seed: number
  readonly rounds: number
  readonly requests: number
  /** Requests answered 2xx, by kind. */
  readonly acknowledged: ReadonlyMap<string, number>
  /** Requests that failed because of a cancelled query or a killed backend. */
  readonly disturbed: number
  readonly rowsSeen: number
  /** Acknowledged writes. */
  readonly writes: number
  readonly findings: readonly Finding[]
}

/** The figures in one line, and what is wrong in some more. */
export function summaryOf(report: Report): string {
  const { seed, requests, disturbed, rowsSeen, writes, findings } = report
  const answered = [...report.acknowledged.values()].reduce((sum, count) => sum + count, 0)
  const figures =
    `seed ${seed}: ${requests} requests, ${answered} answered 2xx, ${disturbed} disturbed, ${rowsSeen} rows seen, ` +
    `${writes} acknowledged writes, ${findings.length} findings`
  return [figures, ...findings.slice(0, 20).map(({ type, what }) => `  ${type}: ${what}`)].join('\n')
}

const STRIKE_PAUSE_MS = 60
/** Bytes until a cut; a switch and its query are some 400. */
const LONGEST_CUT = 600

/** Drives a pool through Express with many requests at once, and looks into the tables at the end. */
export async function stress(subject: Subject, town: Town, options: StressOptions): Promise<Report> {
  const outside = new Outside(town)
  const place = { subject, town, outside, holders: new Turnstile(POOL_SIZE - 1) }
  const app = await listen(createApp(place, options.kinds))
  const caller = new Caller(app.port, options.limitMs)
  const run = new Run(town, caller, options)
  const dice = new Dice(options.seed + 1)
  try {
    do {
      const struck = strike(outside, dice, options.strikes)
      const broken = cutAny(subject.proxy, new Dice(dice.below(2 ** 31)), options.cuts ?? 0)
      await run.round()
      await Promise.all([struck, broken])
    } while (!run.isOver && !(await run.hasFoundAll()))
  } finally {
    caller.close()
    await app.close()
    if (!(await outside.closesIn(options.limitMs, subject.close())))
      run.note({ type: 'unanswered', what: 'close() of the pool' })
    if (subject.proxy) await outside.endsOrphans()
    await outside.close()
  }
  return run.report()
}

async function strike(outside: Outside, dice: Dice, count: number): Promise<void> {
  for (let left = count; left > 0; left--) {
    await sleep(dice.below(STRIKE_PAUSE_MS))
    await outside.strikeAny(dice.chance(0.6) ? 'cancel' : 'terminate', dice)
  }
}

/** Breaks connections at random moments, after a random byte. */
export async function cutAny(proxy: CuttingProxy | undefined, dice: Dice, count: number): Promise<void> {
  for (let left = count; left > 0; left--) {
    await sleep(dice.below(STRIKE_PAUSE_MS))
    const ports = proxy?.ports ?? []
    const cut = { direction: dice.pick(['up', 'down'] as const), after: dice.below(LONGEST_CUT) }
    if (ports.length > 0) proxy!.cut(dice.pick(ports), cut)
  }
}

/** The requests of one run, and what was found so far. */
class Run {
  readonly #town: Town
  readonly #caller: Caller
  readonly #options: StressOptions
  readonly #schedule: Schedule
  readonly #ledger = new Ledger()
  readonly #acknowledged = new Map<string, number>()
  readonly #findings: Finding[] = []
  #rounds = 0
  #disturbed = 0
  #rowsSeen = 0

  constructor(town: Town, caller: Caller, options: StressOptions) {
    this.#town = town
    this.#caller = caller
    this.#options = options
    this.#schedule = new Schedule(options.seed, town.tenants, options.kinds)
    for (const { name } of options.kinds) this.#acknowledged.set(name, 0)
  }

  get #concurrency(): number {
    return this.#options.concurrency ?? CONCURRENCY
  }

  /** All rounds are through, or a request hangs and those behind it would. */
  get isOver(): boolean {
    return this.#rounds >= this.#options.rounds || this.#findings.some(({ type }) => type === 'unanswered')
  }

  note(finding: Finding): void {
    this.#findings.push(finding)
  }

  async round(): Promise<void> {
    const planned = this.#schedule.take(this.#concurrency)
    await Promise.all(planned.map((each) => this.#request(each)))
    this.#rounds++
  }

  async hasFoundAll(): Promise<boolean> {
    const { untilFound } = this.#options
    if (untilFound === undefined) return false
    const findings = [...this.#findings, ...this.#ledger.audit(await this.#town.items())]
    return untilFound.every((wanted) => findings.some(({ type }) => type === wanted))
  }

  /** To be called when nothing runs any more. */
  async report(): Promise<Report> {
    const stray = (await this.#town.strayTables()).map((what) => ({ type: 'stray table', what }) as const)
    const inTables = this.#ledger.audit(await this.#town.items())
    return {
      seed: this.#options.seed,
      rounds: this.#rounds,
      requests: this.#rounds * this.#concurrency,
      acknowledged: this.#acknowledged,
      disturbed: this.#disturbed,
      rowsSeen: this.#rowsSeen,
      writes: this.#ledger.kept,
      findings: [...this.#findings, ...inTables, ...stray],
    }
  }

  async #request(planned: Planned): Promise<void> {
    const { kind, tenant, fates, errand } = planned
    for (const { token, fate } of fates) this.#ledger.expect(token, fate, kind.name)
    const answer = await this.#caller.call(tenant, kind.name, errand)
    if (answer.status === 200) {
      this.#acknowledged.set(kind.name, this.#acknowledged.get(kind.name)! + 1)
      for (const { token } of fates) this.#ledger.acknowledge(token)
    } else if (isDisturbed(answer)) this.#disturbed++
    this.#rowsSeen += answer.reply.seen.length
    this.#findings.push(...judge(planned, answer))
  }
}
