import { setTimeout as sleep } from 'node:timers/promises'
import { Answers } from './answers'
import { Exchange } from './exchange'
import type { Sending } from './exchange'
import { judge, wrongWrite } from './judge'
import type { Outcome } from './judge'
import { LeakBook } from './leak'
import type { Leak } from './leak'
import type { LeakTestSettings } from './leak-options'
import { seededRandom, shuffled } from './random'
import { parseRoute, requestOf } from './routes'
import type { PlannedRoute, ProbedTenant, Route, RouteInput } from './routes'
import { scanTables } from './scan'
import type { AnyPool } from './scan'
import type { Trace } from './trace'
import { Watch } from './watch'

/** What a leak test has found. */
export interface LeakReport {
  /** The worst first; empty if all is well. */
  readonly leaks: readonly Leak[]
  readonly routes: readonly RouteReport[]
  /** How many were sent. */
  readonly requests: number
}

/** What was seen of one route. */
export interface RouteReport {
  /** `GET /widgets` */
  readonly route: string
  readonly requests: number
  /** Whether its answers showed the canary of who asked, so that a stranger's would have been seen. */
  readonly showsCanary: boolean
  /** Whether its answers were compared: it reads, and answers the same twice in a row. */
  readonly compared: boolean
  /** Whether tenants were answered differently while they were alone. Without it, `compared` shows no other one's answer. */
  readonly differs: boolean
}

/** A request to be made. */
interface Call {
  readonly route: PlannedRoute
  readonly tenant: ProbedTenant
  readonly headers: Readonly<Record<string, string>>
}

interface Done {
  readonly trace: Trace
  readonly outcome: Outcome
}

const NOT_SEEN =
  'No answer and no table showed any data of the tenants, so a leak would not have been seen. Put `tenant.canary` into their ' +
  'data with `seed` and list a route that shows it, or {unique} into the body of a route that writes.'
/** The second half of a body comes so much later: where one request runs, behind all that the first half sets going. */
const ALONE_PAUSE_MS = 25
const MAX_PAUSE_MS = 5

/** One run of a leak test. */
export class LeakRun {
  readonly #settings: LeakTestSettings
  readonly #watch: Watch
  readonly #exchange: Exchange
  readonly #random: () => number
  readonly #book = new LeakBook()
  readonly #traces = new Map<number, Trace>()
  /** Requests of which something was found. */
  readonly #found = new Set<Trace>()
  readonly #answers: Answers
  /** What is not answered while it is alone would only be waited for again. */
  readonly #unanswered = new Set<Call>()
  #calls: readonly Call[] = []

  constructor(settings: LeakTestSettings) {
    const { app, concurrency, timeoutMs } = settings
    this.#settings = settings
    this.#random = seededRandom(settings.randomSeed)
    this.#answers = new Answers(settings.normalize)
    this.#watch = new Watch(settings.tenancy, typeof app === 'function' ? [app] : app.listeners('request'))
    this.#exchange = new Exchange(app, {
      ...{ concurrency, timeoutMs },
      onArrival: (number, request, serve) => this.#follow(this.#traces.get(number), request, serve),
    })
  }

  /** Does everything, and leaves nothing open. */
  async report(): Promise<LeakReport> {
    try {
      this.#calls = await this.#plan()
      await this.#exchange.open()
      await this.#requests()
    } finally {
      this.#watch.stop()
      await this.#exchange.close()
    }
    await this.#scan()
    const { ignore = () => false } = this.#settings
    return {
      leaks: this.#book.list().filter((leak) => !ignore(leak)),
      routes: this.#routeReports(),
      requests: this.#traces.size,
    }
  }

  #follow(trace: Trace | undefined, request: object, serve: () => void): void {
    // An application may call itself.
    if (trace === undefined) serve()
    else this.#watch.follow(trace, request, serve)
  }

  async #requests(): Promise<void> {
    const reads = this.#calls.filter(({ route }) => route.isRead)
    const writes = this.#calls.filter(({ route }) => !route.isRead)
    // Writes first: what is read afterwards does not change by itself any more, and has what they wrote in it.
    await this.#oneByOne(writes)
    for (const done of [...(await this.#oneByOne(reads)), ...(await this.#oneByOne(reads))])
      this.#answers.remember(done.trace, done.outcome)
    const { rounds } = this.#settings
    const differing = (await this.#atOnce(reads, rounds)).filter(({ trace, outcome }) =>
      this.#answers.differs(trace, outcome),
    )
    await this.#confirm(differing.filter(({ trace }) => !this.#found.has(trace)))
    await this.#atOnce(this.#calls, rounds)
    this.#tellStrayRefusals()
  }

  /** A difference counts where the tenant, alone again, gets what it got before, or what another one gets: else the route does not answer the same twice. */
  async #confirm(differing: readonly Done[]): Promise<void> {
    const isSame = (one: Call, { trace }: Done): boolean =>
      one.route === trace.route && one.tenant === trace.tenant
    const calls = this.#calls.filter((call) => differing.some((done) => isSame(call, done)))
    for (const { trace, outcome } of await this.#oneByOne(calls)) {
      const finding = this.#answers.differenceOf(trace, outcome)
      // What has become another tenant's answer, and stays it, does not change by itself.
      if (finding !== undefined && finding.other === undefined) this.#answers.forget(trace)
    }
    for (const { trace, outcome } of differing) {
      const finding = this.#answers.differenceOf(trace, outcome)
      if (finding !== undefined) this.#book.add(finding)
    }
  }

  async #plan(): Promise<Call[]> {
    const { tenancy, tenants, request, seed, routes } = this.#settings
    const parts = new Map<ProbedTenant, Readonly<Record<string, string>>>()
    for (const tenant of tenants) {
      await tenancy.run(tenant.id, async () => seed?.(tenant))
      parts.set(tenant, (await request?.(tenant))?.headers ?? {})
    }
    const calls: Call[] = []
    for (const input of routes) {
      const shared = typeof input === 'function' ? undefined : parseRoute(input)
      let name = shared?.name
      for (const tenant of tenants) {
        const route = shared ?? parseRoute(await tenancy.run(tenant.id, async () => ownRoute(input, tenant)))
        // Of a function each tenant has a route of its own, which the report calls by the first one's name.
        name ??= route.name
        calls.push({ route: shared ?? { ...route, name }, tenant, headers: parts.get(tenant)! })
      }
    }
    return calls
  }

  async #oneByOne(calls: readonly Call[]): Promise<Done[]> {
    const done: Done[] = []
    for (const call of this.#answering(calls)) {
      const one = await this.#make(call, true)
      if ('error' in one.outcome) this.#unanswered.add(call)
      // What it does behind its answer is still its own.
      await sleep(1)
      done.push(one)
    }
    await this.#judge(done)
    return done
  }

  async #atOnce(calls: readonly Call[], rounds: number): Promise<Done[]> {
    const waiting = shuffled(
      Array.from({ length: rounds }, () => this.#answering(calls)).flat(),
      this.#random,
    )
    const done: Done[] = []
    const work = async (): Promise<void> => {
      for (let call = waiting.pop(); call !== undefined; call = waiting.pop())
        done.push(await this.#make(call, false))
    }
    await Promise.all(Array.from({ length: this.#settings.concurrency }, work))
    await this.#judge(done)
    return done
  }

  #answering(calls: readonly Call[]): Call[] {
    return calls.filter((call) => !this.#unanswered.has(call))
  }

  async #make({ route, tenant, headers }: Call, alone: boolean): Promise<Done> {
    const number = this.#traces.size + 1
    const trace: Trace = { number, route, tenant, alone, entries: [], refusals: [], strays: new Map() }
    this.#traces.set(number, trace)
    // Bodies that come in two parts make parsers call back later, outside of the request.
    const pauseMs = alone ? ALONE_PAUSE_MS : Math.floor(this.#random() * MAX_PAUSE_MS) || undefined
    const request = await requestOf(route, tenant, number, headers)
    return { trace, outcome: await this.#send({ request, number, pauseMs }) }
  }

  async #send(sending: Sending): Promise<Outcome> {
    try {
      return { answer: await this.#exchange.send(sending) }
    } catch (error) {
      return { error: error as Error }
    }
  }

  async #judge(all: readonly Done[]): Promise<void> {
    await sleep(this.#settings.settleMs)
    for (const { trace, outcome } of all) {
      this.#answers.note(trace, outcome)
      for (const finding of judge(trace, outcome, this.#settings.tenants)) {
        this.#found.add(trace)
        this.#book.add(finding)
      }
    }
  }

  #tellStrayRefusals(): void {
    const told = new Set(
      [...this.#traces.values()].flatMap(({ refusals }) => refusals.map(({ where }) => where)),
    )
    for (const { where } of this.#watch.strayRefusals.filter((refusal) => !told.has(refusal.where))) {
      const place = where === undefined ? '' : ` at ${where}`
      this.#book.add({
        ...{ kind: 'lost-context', where, alone: false },
        text: `A query${place} came to the pool without a tenant, from no request that is known, and was refused`,
      })
    }
  }

  async #scan(): Promise<void> {
    const { tenancy, tenants, seed } = this.#settings
    let hasOwn = false
    for (const tenant of tenants) {
      const others = tenants.filter((one) => one !== tenant).map(({ canary }) => canary)
      const scan = await tenancy.run(tenant.id, () =>
        // What `seed` put there says nothing of any route.
        scanTables(tenancy.pool as AnyPool, {
          own: `${tenant.canary}${seed === undefined ? '' : 'n'}`,
          others,
        }),
      )
      hasOwn ||= scan.hasOwn
      for (const stored of scan.strange)
        this.#book.add(wrongWrite(tenant, stored, { tenants, traces: this.#traces }))
    }
    if (hasOwn || this.#answers.tellTenantsApart || this.#book.hasLeak) return
    this.#book.add({ kind: 'untested', alone: true, text: NOT_SEEN })
  }

  #routeReports(): RouteReport[] {
    const names = [...new Set(this.#calls.map(({ route }) => route.name))]
    const traces = [...this.#traces.values()]
    return names.map((route) => ({
      route,
      requests: traces.filter((trace) => trace.route.name === route).length,
      ...this.#answers.reportOf(route),
    }))
  }
}

function ownRoute(input: RouteInput, tenant: ProbedTenant): string | Route | Promise<string | Route> {
  return typeof input === 'function' ? input(tenant) : input
}
