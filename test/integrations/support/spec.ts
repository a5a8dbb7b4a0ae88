import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineTown } from '../../engines/support/engine-town'
import { reasonIn } from './reason'
import type { LibraryCalls } from './library'

/** At once; more of them in `npm run test:long`. */
const REQUESTS = Number(process.env.ROWHOUSE_LIBRARY_REQUESTS ?? 40)
const TENANTS = ['acme', 'globex'] as const
type TenantName = (typeof TENANTS)[number]

/** One request, and what it saw and wrote. */
interface Request {
  readonly calls: LibraryCalls
  readonly town: EngineTown
  readonly tenant: TenantName
  /** What it writes: `acme 7`. */
  readonly label: string
  /** Says what a read gave. */
  readonly saw: (names: readonly string[], least?: string) => void
  /** Says what must be there in the end. */
  readonly wrote: (name: string) => void
}

type Kind = (request: Request) => Promise<unknown>

const reads: Kind = async ({ calls, saw }) => saw(await calls.names())
const readsAtOnce: Kind = (request) => Promise.all([reads(request), findsOne(request), reads(request)])
const findsOne: Kind = async ({ calls, saw }) => saw([String(await calls.nameOf(1))])
const writes: Kind = async ({ calls, label, saw, wrote }) => {
  await calls.insert(label)
  wrote(label)
  saw(await calls.names(), label)
}
const commits: Kind = async ({ calls, label, saw, wrote }) => {
  await calls.transaction(async (tx) => {
    await tx.insert(label)
    await sleep(2)
    saw(await tx.names(), label)
  })
  wrote(label)
}
const rollsBack: Kind = async ({ calls, label, saw }) => {
  const change = new Error('rolled back on purpose')
  await calls
    .transaction(async (tx) => {
      await tx.insert(`${label} undone`)
      saw(await tx.names(), `${label} undone`)
      throw change
    })
    .catch((error: unknown) => {
      if (!isOn(error, change)) throw error
    })
}
const streams: Kind = async ({ calls, saw }) => saw(await (calls.stream ?? calls.names)())
const fails: Kind = async (request) => {
  const problem = await request.calls.fail().then(
    () => 'nothing',
    (error: unknown) => reasonIn(error)?.code,
  )
  if (problem !== undefined) throw new Error(`A wrong statement was answered by ${problem}.`)
  await writes(request)
}
const visits: Kind = async (request) => {
  const { calls, town, tenant } = request
  const other = tenant === 'acme' ? 'globex' : 'acme'
  const there = await town.tenancy.run(other, () => calls.names())
  if (!there.every((name) => name.startsWith(other)))
    throw new Error(`A visit to ${other} read ${there.join()}.`)
  await reads(request)
}
const KINDS = [findsOne, reads, writes, commits, rollsBack, streams, readsAtOnce, fails, visits, writes]

function isOn(error: unknown, change: Error): boolean {
  return error === change || (error as Error).message.includes(change.message)
}

/**
 * Drives two tenants' requests at once through a library.
 *
 * @returns what was wrong: `foreign row: ...`, `foreign write: ...`, `lost: ...`, `failed: ...`
 */
export async function findCrossings(calls: LibraryCalls, town: EngineTown): Promise<string[]> {
  const found: string[] = []
  const expected = new Map<string, string[]>(TENANTS.map((tenant) => [tenant, [`${tenant} seed`]]))
  const requests = Array.from({ length: REQUESTS }, (_, i): Promise<unknown> => {
    // Not in turns: two connections in turns could each have one tenant by luck.
    const tenant = TENANTS[((3 * i * i + i) >> 1) & 1]!
    const kind = KINDS[i % KINDS.length]!
    const request: Request = {
      ...{ calls, town, tenant, label: `${tenant} ${i}` },
      saw(names, least) {
        const foreign = names.filter((name) => !name.startsWith(`${tenant} `))
        if (foreign.length > 0) found.push(`foreign row: request ${i} of ${tenant} saw ${foreign.join()}`)
        if (least !== undefined && !names.includes(least))
          found.push(`lost: request ${i} did not see ${least}`)
      },
      wrote: (name) => void expected.get(tenant)!.push(name),
    }
    return Promise.resolve(town.tenancy.run(tenant, () => kind(request))).catch((error: unknown) =>
      found.push(`failed: request ${i} of ${tenant}: ${String(error)}`),
    )
  })
  await Promise.all(requests)
  for (const tenant of TENANTS) found.push(...(await differences(town, tenant, expected.get(tenant)!)))
  return found
}

/** How the tables of a tenant differ from what its requests were told. */
async function differences(town: EngineTown, tenant: string, expected: readonly string[]): Promise<string[]> {
  const kept = await town.kept(tenant)
  const foreign = kept.filter((name) => !name.startsWith(`${tenant} `))
  return [
    ...foreign.map((name) => `foreign write: ${tenant} has ${name}`),
    ...expected.filter((name) => !kept.includes(name)).map((name) => `lost: ${tenant} has no ${name}`),
    ...kept
      .filter((name) => !foreign.includes(name) && !expected.includes(name))
      .map((name) => `never committed: ${tenant} has ${name}`),
    ...(new Set(kept).size === kept.length ? [] : [`twice: ${tenant} has ${kept.join()}`]),
  ]
}

/**
 * Makes each call without a tenant.
 *
 * @returns for each call where in its error ROWHOUSE_TENANT_REQUIRED stands, `itself` or `cause`; or what came instead
 */
export async function callsWithoutTenant(calls: LibraryCalls): Promise<Record<string, string>> {
  const asked: Record<string, () => Promise<unknown>> = {
    names: () => calls.names(),
    nameOf: () => calls.nameOf(1),
    insert: () => calls.insert('of nobody'),
    transaction: () => calls.transaction(async (tx) => void (await tx.insert('of nobody'))),
    ...(calls.stream ? { stream: () => calls.stream!() } : {}),
  }
  const answers: Record<string, string> = {}
  for (const [name, ask] of Object.entries(asked)) {
    answers[name] = await ask().then(
      (result) => `answered: ${JSON.stringify(result)}`,
      (error: unknown) => {
        const reason = reasonIn(error)
        return reason?.code === 'ROWHOUSE_TENANT_REQUIRED' ? reason.place : `failed: ${String(error)}`
      },
    )
  }
  return answers
}
