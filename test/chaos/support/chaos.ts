import type { Change } from '../../torture/support/mutant'
import { drawBlows } from './blows'
import type { Failure } from './cli'
import { PREFIX } from './fleet'
import type { Fleet } from './fleet'
import { expectedOf, judge, judgeReport, judgeStorm } from './judge'
import { mysqlFleet } from './mysql-fleet'
import { postgresFleet } from './postgres-fleet'
import { PrivateServer } from './private-server'
import { nameOf } from './release'
import type { ChaosMigration, Column, Release } from './release'
import { call, settle } from './settle'
import type { Rest } from './settle'
import { storm } from './storm'
import type { Place, StormFigures } from './storm'
import { Workshop } from './workshop'

/** Kinds of servers. */
export const CHAOS_ENGINES = ['postgres', 'mysql'] as const
/** One of {@link CHAOS_ENGINES}. */
export type ChaosEngine = (typeof CHAOS_ENGINES)[number]

/** One run. */
export interface ChaosPlan {
  readonly engine: ChaosEngine
  readonly seed: number
  readonly tenants: number
}

/** What may be said of a run. */
export interface ChaosOptions {
  /** Bugs to put into the command line. */
  readonly changes?: readonly Change[]
  /** Ends it: what was made is taken away then, too. */
  readonly signal?: AbortSignal
}

/** What came of a run. */
export interface ChaosOutcome {
  readonly plan: ChaosPlan
  readonly storms: readonly StormFigures[]
  readonly rests: readonly Rest[]
  readonly findings: readonly string[]
  readonly seconds: number
}

/** Builds a fleet on a server of its own, drives it through its storms, judges it, and takes all of it away. */
export async function chaos(
  plan: ChaosPlan,
  tell: (line: string) => void,
  { changes = [], signal = new AbortController().signal }: ChaosOptions = {},
): Promise<ChaosOutcome> {
  const start = performance.now()
  const workshop = Workshop.open({ engine: plan.engine, prefix: PREFIX }, changes)
  let server: PrivateServer | undefined
  try {
    server = await PrivateServer.open(plan.engine, workshop.dataDir)
    const fleet = plan.engine === 'postgres' ? postgresFleet(server) : mysqlFleet(server)
    const run = new ChaosRun({ workshop, server, fleet, signal }, plan, tell)
    await run.build()
    for (const [index, release] of fleet.releases.storms.entries()) await run.weather(release, index)
    await run.mend()
    const seconds = (performance.now() - start) / 1000
    return { plan, storms: run.storms, rests: run.rests, findings: run.findings, seconds }
  } finally {
    await server?.stop()
    workshop.remove()
  }
}

/** A tenant whose data a migration refuses. */
interface Stuck {
  readonly column: Column
  readonly has: readonly ChaosMigration[]
  readonly at: ChaosMigration
}

/** A run on its way. */
class ChaosRun {
  readonly storms: StormFigures[] = []
  readonly rests: Rest[] = []
  readonly findings: string[] = []
  readonly #place: Place
  readonly #fleet: Fleet
  readonly #plan: ChaosPlan
  readonly #tenants: readonly string[]
  readonly #tell: (line: string) => void
  /** Tenants whose data a migration refuses, and where they stopped. */
  readonly #stuck = new Map<string, Stuck>()
  #files: readonly ChaosMigration[]

  constructor(place: Place, plan: ChaosPlan, tell: (line: string) => void) {
    this.#place = place
    this.#fleet = place.fleet
    this.#plan = plan
    this.#tell = tell
    this.#tenants = Array.from({ length: plan.tenants }, (_, n) => `t${String(n).padStart(3, '0')}`)
    this.#files = [place.fleet.releases.base]
  }

  async build(): Promise<void> {
    this.#place.workshop.add(this.#files)
    const { code, errors } = await call(this.#place, ['create', ...this.#tenants])
    if (code !== 0) throw new Error(`The fleet could not be made: ${errors}`)
  }

  /** A release comes, and one more tenant has data that it refuses. */
  async weather(release: Release, index: number): Promise<void> {
    const { seed, tenants } = this.#plan
    const bad = this.#tenants[(seed + index * 7) % tenants]!
    const held = this.#tenants[(seed + index * 7 + 3) % tenants]!
    await this.#fleet.setValue(bad, release.checks, -7)
    const has = [...this.#files, ...release.migrations.slice(0, release.keptOnFailure)]
    this.#stuck.set(bad, {
      has,
      column: release.checks,
      at: release.migrations.find(({ fails }) => fails !== undefined)!,
    })
    this.#files = [...this.#files, ...release.migrations]
    this.#place.workshop.add(release.migrations)
    const figures = await storm(this.#place, {
      blows: drawBlows(seed * 31 + index, tenants),
      heldTenant: held,
      stuck: this.#stuck.size,
    })
    this.storms.push(figures)
    this.#tell(
      `storm ${index + 1}: ${JSON.stringify(figures.blows)}, ${figures.commands} commands, ${figures.retries} retries`,
    )
    this.findings.push(...judgeStorm(figures.failures, new Set(this.#stuck.keys())))
    if (figures.hanging > 0)
      this.findings.push(`${figures.hanging} commands of storm ${index + 1} did not end`)
    await this.#rest(`storm ${index + 1}`)
  }

  /** The data of all is mended: everybody gets to the end. */
  async mend(): Promise<void> {
    for (const [tenant, { column }] of this.#stuck) await this.#fleet.setValue(tenant, column, 7)
    this.#stuck.clear()
    await this.#rest('mending')
    const { code } = await call(this.#place, ['status', '--check'])
    if (code !== 0) this.findings.push(`status --check ended with ${code} when all should be done`)
  }

  async #rest(after: string): Promise<void> {
    const rest = await settle(this.#place)
    this.rests.push(rest)
    this.#tell(
      `after ${after}: ${rest.reruns} reruns, ${rest.repaired} repaired, ${rest.failures.length} failed`,
    )
    const found = [...this.#judgeRest(rest), ...(await this.#judgeTenants()), ...(await this.#judgeStatus())]
    this.findings.push(...found.map((what) => `after ${after}: ${what}`))
  }

  #judgeRest({ failures, isEndless, exitCode }: Rest): readonly string[] {
    const wanted = this.#stuck.size > 0 ? 1 : 0
    const strangers = failures.filter(({ tenant }) => tenant === undefined || !this.#stuck.has(tenant))
    return [
      ...(isEndless ? ['reruns come to no end'] : []),
      ...(exitCode === wanted ? [] : [`exit code ${exitCode}, not ${wanted}`]),
      ...strangers.map((failure) => `${failure.tenant} failed: ${failure.message}`),
      ...[...this.#stuck].flatMap(([tenant, { at }]) =>
        judgeReport(tenant, failures, { migration: nameOf(at), ...at.fails! }),
      ),
    ]
  }

  async #judgeTenants(): Promise<readonly string[]> {
    const all = expectedOf(this.#files)
    const findings = (await this.#fleet.leftBehind()).map((what) => `left behind: ${what}`)
    for (const tenant of this.#tenants) {
      const stuck = this.#stuck.get(tenant)
      const expected = stuck === undefined ? all : expectedOf(stuck.has, stuck.at.fails!.leaves)
      findings.push(...judge(tenant, await this.#fleet.inspect(tenant), expected))
    }
    return findings
  }

  /** Those that are not at the end are told by `status`, with the migration that is half done. */
  async #judgeStatus(): Promise<readonly string[]> {
    const { lines } = await call(this.#place, ['status', ...this.#stuck.keys()])
    return [...this.#stuck].flatMap(([tenant, { at }]) => {
      const line = lines.find((one) => one.tenant === tenant)
      const pending = JSON.stringify(line?.pending ?? [])
      if (!pending.includes(nameOf(at)) && !pending.includes(nameOf(at).slice(0, 14)))
        return [`status does not tell that ${tenant} lacks ${nameOf(at)}: ${JSON.stringify(line)}`]
      if (this.#plan.engine === 'postgres') return []
      const unfinished = line?.unfinished as (Failure & { name?: string }) | undefined
      const isTold = unfinished?.name === nameOf(at) && unfinished.statement === at.fails!.statement
      return isTold ? [] : [`status does not tell where ${tenant} stopped: ${JSON.stringify(line)}`]
    })
  }
}

/** What a run of storms shows of its failures, for people. */
export function samplesOf({ storms }: ChaosOutcome): readonly string[] {
  const told = new Map<string, number>()
  for (const { code = '', message } of storms.flatMap(({ failures }) => failures)) {
    const key = `${code} ${message.replace(/t\d{3}/g, 't...').slice(0, 220)}`
    told.set(key, (told.get(key) ?? 0) + 1)
  }
  return [...told].sort(([, one], [, other]) => other - one).map(([what, times]) => `${times} x ${what}`)
}
