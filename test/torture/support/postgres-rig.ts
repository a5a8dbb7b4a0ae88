import type { PgBouncer } from '../../../scripts/embedded-pgbouncer/start'
import type { Hygiene } from '../../../src/postgres/hygiene'
import { stress } from '../../isolation/support/harness'
import type { Report } from '../../isolation/support/harness'
import { clearedBy } from '../../isolation/support/kind'
import type { Kind } from '../../isolation/support/kind'
import { HARD_TORTURE_KINDS, LOCAL_KINDS, TORTURE_KINDS } from '../../isolation/support/kinds'
import { tenancySubject } from '../../isolation/support/subjects'
import type { Subject } from '../../isolation/support/subjects'
import type { Town } from '../../isolation/support/town'
import { kindsOn, SLONIK_KINDS } from '../../slonik/support/stress-kinds'
import { slonikSubject } from '../../slonik/support/stress-subjects'
import type { Slonik } from '../../slonik/support/version'
import { CuttingProxy } from '../../support/cutting-proxy'
import { leaksOf } from './leaks'
import { countStatements } from './meter'
import { wavesOf } from './rig'
import type { EngineName, Figures, Plan, Rig } from './rig'

/** How long a request may take, in milliseconds. */
const LIMIT_MS = 30_000

/** The pool of pg on one level of hygiene. */
export function postgresRig(engine: EngineName, town: Town, hygiene: Hygiene): Rig {
  const kinds = clearedBy(hygiene, town.isolation === 'role' ? HARD_TORTURE_KINDS : TORTURE_KINDS)
  return {
    engine,
    hygiene,
    kinds: kinds.map(({ name }) => name),
    round: (plan) =>
      round(town, plan, async (proxy) => ({
        subject: tenancySubject(town, { hygiene, connectionString: proxy.url }),
        kinds,
      })),
  }
}

/** The pool of pg behind a pooler of transactions, where no level of hygiene means anything. */
export function localRig(engine: EngineName, town: Town, hygiene: Hygiene, pooler: PgBouncer): Rig {
  return {
    engine,
    hygiene,
    kinds: LOCAL_KINDS.map(({ name }) => name),
    round: (plan) =>
      round(
        town,
        plan,
        async (proxy) => ({
          subject: tenancySubject(town, { mode: 'local', connectionString: proxy.url }),
          kinds: LOCAL_KINDS,
        }),
        pooler.url,
      ),
  }
}

/** Slonik on one level of hygiene. */
export function slonikRig(town: Town, version: Slonik, hygiene: Hygiene): Rig {
  return {
    engine: 'slonik',
    hygiene,
    kinds: clearedBy(hygiene, SLONIK_KINDS).map(({ name }) => name),
    round: (plan) =>
      round(town, plan, async (proxy) => {
        const subject = await slonikSubject(town, version, { hygiene, url: proxy.url })
        return { subject, kinds: clearedBy(hygiene, kindsOn(subject)) }
      }),
  }
}

async function round(
  town: Town,
  plan: Plan,
  prepare: (proxy: CuttingProxy) => Promise<{ subject: Subject; kinds: readonly Kind[] }>,
  url: string = town.server.appUrl,
): Promise<Figures> {
  await town.reset()
  const proxy = await CuttingProxy.to(url)
  const { subject, kinds } = await prepare(proxy)
  const wanted = kinds.filter(({ name }) => plan.kinds.includes(name))
  const [report, statements] = await countStatements(proxy.port, () =>
    stress({ ...subject, proxy }, town, { ...wavesOf(plan), kinds: wanted, limitMs: LIMIT_MS }),
  )
  const { findings, ...figures } = figuresOf(report)
  return { ...figures, statements, findings: [...findings, ...(await leaksOf(proxy))] }
}

function figuresOf(report: Report): Omit<Figures, 'statements'> {
  const { requests, rowsSeen, writes, disturbed, findings, acknowledged } = report
  const answered = [...acknowledged.values()].reduce((sum, count) => sum + count, 0)
  return { requests, rowsSeen, writes, disturbed, findings, acknowledged: answered }
}
