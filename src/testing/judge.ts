import { sightings, unnumbered } from './canary'
import type { Answer } from './exchange'
import type { Finding } from './leak'
import type { PlannedRoute, ProbedTenant } from './routes'
import type { StoredCanary } from './scan'
import { lossOf } from './trace'
import type { Trace } from './trace'

/** What a request came to. */
export type Outcome = { readonly answer: Answer } | { readonly error: Error }

/** What one request and its answer show, apart from what other answers say. */
export function judge(trace: Trace, outcome: Outcome, tenants: readonly ProbedTenant[]): Finding[] {
  const found = [...crossings(trace, outcome, tenants), ...strays(trace), ...losses(trace)]
  // What has failed for one of these reasons need not be told a second time.
  return found.length > 0 ? found : failures(trace, outcome)
}

/** Whether an answer shows the tenant's own canary: only then would another one have been seen. */
export function showsOwn({ tenant }: Trace, outcome: Outcome): boolean {
  return sightings(textOf(outcome)).some(({ canary }) => canary === tenant.canary)
}

/** An answer as it is compared with others of the same request. */
export function comparable(outcome: Outcome, normalize: (text: string) => string): string {
  if ('error' in outcome) return outcome.error.message
  const { status, head, text } = outcome.answer
  // The one header that is an answer by itself, often without a body.
  const location = /^location: .*$/im.exec(head)?.[0] ?? ''
  return `${status} ${normalize(unnumbered(`${location}\n${text}`))}`
}

/** An answer that was not what the tenant gets when it is alone. */
export function difference(trace: Trace, owner: string | undefined): Finding {
  const { route, tenant } = trace
  const whose = owner === undefined ? '' : `, but as tenant "${owner}" is`
  return {
    ...{ kind: 'difference', route: route.name, tenant: tenant.id, other: owner, alone: false },
    text: `${route.name} did not answer tenant "${tenant.id}" as it does when no other request runs${whose}`,
  }
}

/** A canary of another tenant in a table. */
export function wrongWrite(
  tenant: ProbedTenant,
  { table, column, canary, request }: StoredCanary,
  {
    tenants,
    traces,
  }: { readonly tenants: readonly ProbedTenant[]; readonly traces: ReadonlyMap<number, Trace> },
): Finding {
  const other = tenants.find((one) => one.canary === canary)!.id
  const trace = request === undefined ? undefined : traces.get(request)
  const what = trace === undefined ? '' : ` that ${trace.route.name} wrote`
  return {
    ...{
      kind: 'wrong-write',
      route: trace?.route.name,
      tenant: tenant.id,
      other,
      alone: trace?.alone ?? false,
    },
    where: trace?.strays.get(tenant.id),
    text: `Table "${table}" of tenant "${tenant.id}" has data of tenant "${other}" in column "${column}"${what}`,
  }
}

function crossings(trace: Trace, outcome: Outcome, tenants: readonly ProbedTenant[]): Finding[] {
  const { route, tenant, alone } = trace
  const seen = new Set(sightings(textOf(outcome)).map(({ canary }) => canary))
  const others = tenants.filter(({ id, canary }) => id !== tenant.id && seen.has(canary))
  return others.map(({ id: other }) => ({
    ...{
      kind: 'crossing',
      route: route.name,
      tenant: tenant.id,
      other,
      alone,
      where: trace.strays.get(other),
    },
    text: `${route.name} answered tenant "${tenant.id}" with data of tenant "${other}"`,
  }))
}

function strays(trace: Trace): Finding[] {
  const { route, tenant, alone, entries } = trace
  const at = entries.findIndex((entry) => entry.tenant !== undefined && entry.tenant !== tenant.id)
  const wandered: Finding[] = []
  if (at !== -1) {
    const other = entries[at]!.tenant!
    const blame = entries[at - 1]?.layer
    wandered.push({
      ...{ kind: 'wrong-tenant', route: route.name, tenant: tenant.id, other, blame, alone },
      text: `${route.name} of tenant "${tenant.id}" was served as tenant "${other}"${blame === undefined ? '' : ` from ${blame} on`}`,
    })
  }
  const queries = [...trace.strays].map(([other, where]): Finding => ({
    ...{ kind: 'wrong-tenant', route: route.name, tenant: tenant.id, other, where, alone },
    text: `A query of ${route.name} of tenant "${tenant.id}" ran as tenant "${other}"${where === undefined ? '' : ` at ${where}`}`,
  }))
  return wandered.length > 0 ? wandered : queries
}

function losses(trace: Trace): Finding[] {
  const { route, tenant, alone } = trace
  const [refusal] = trace.refusals
  if (refusal === undefined) return []
  const { blame, text } = lossOf(trace, refusal)
  const { where } = refusal
  const place = where === undefined ? '' : ` at ${where}`
  return [
    {
      ...{ kind: 'lost-context', route: route.name, tenant: tenant.id, blame, where, alone },
      text: `${route.name} of tenant "${tenant.id}" came to the pool without a tenant${place} and was refused. ${text}`,
    },
  ]
}

function failures({ route, tenant, alone }: Trace, outcome: Outcome): Finding[] {
  const told = (what: string): Finding[] => [
    {
      ...{ kind: 'untested', route: route.name, tenant: tenant.id, alone },
      text: `${route.name} of tenant "${tenant.id}" ${what}`,
    },
  ]
  if ('error' in outcome) return told(`was not answered: ${outcome.error.message}.`)
  const { status, text } = outcome.answer
  if (isExpected(route, status)) return []
  const hint = route.status === undefined ? ' Say { status } if that is right.' : ''
  return told(`was answered ${status}.${hint} ${text.slice(0, 200)}`.trim())
}

function isExpected({ status: expected, isRead }: PlannedRoute, status: number): boolean {
  // Who is sent elsewhere to log in has seen nothing; behind a write it is the answer of most forms.
  return expected === undefined ? status < (isRead ? 300 : 400) : [expected].flat().includes(status)
}

function textOf(outcome: Outcome): string {
  return 'error' in outcome ? '' : `${outcome.answer.head}\n${outcome.answer.text}`
}
