import { CliProcess } from './cli'
import type { Ending, Failure } from './cli'
import { IN_DOUBT } from './judge'
import { COMMAND_LIMIT_MS, MIGRATE } from './storm'
import type { Place } from './storm'

/** How a fleet came to rest. */
export interface Rest {
  readonly reruns: number
  /** Tenants of which nobody could know what their last statement did, and that were asked for. */
  readonly repaired: number
  /** What the last run told of each tenant that failed. */
  readonly failures: readonly Failure[]
  /** It was still not at rest. */
  readonly isEndless: boolean
  readonly exitCode: number | undefined
}

/** On a server that nobody breaks, one run does all and the next one finds nothing to do. */
const MOST_RERUNS = 5

/** Says the command again until it finds nothing more to do, and says of what is in doubt what became of it. */
export async function settle(place: Place): Promise<Rest> {
  let repaired = 0
  let last: Rest | undefined
  for (let reruns = 1; reruns <= MOST_RERUNS; reruns++) {
    const { code, lines, errors } = await call(place, MIGRATE)
    const summary = lines.find(({ event }) => event === 'summary')
    const failures = lines.flatMap(({ event, error, tenant }) =>
      event === 'failed' && error !== undefined ? [{ tenant, ...error }] : [],
    ) as Failure[]
    if (summary === undefined) failures.push({ message: `no summary, exit code ${code}: ${errors}` })
    last = { reruns, repaired, failures, isEndless: true, exitCode: code }
    const doubts = failures.filter((failure) => failure.code === IN_DOUBT)
    for (const doubt of doubts) await repair(place, doubt)
    repaired += doubts.length
    if (summary?.done === 0 && doubts.length === 0) return { ...last, isEndless: false }
  }
  return { ...last!, repaired }
}

/** Runs one command to its end. */
export async function call(place: Place, args: readonly string[]): Promise<Ending> {
  const ending = await new CliProcess(place, args).endWithin(COMMAND_LIMIT_MS)
  place.signal.throwIfAborted()
  return ending
}

async function repair(place: Place, { tenant, migration, statement, message }: Failure): Promise<void> {
  const { fleet } = place
  if (
    tenant === undefined ||
    migration === undefined ||
    statement === undefined ||
    fleet.isDone === undefined
  )
    throw new Error(`What is in doubt is not named: ${message}`)
  const how = (await fleet.isDone(tenant, { migration, statement })) ? '--skip' : '--retry'
  const { code, errors } = await call(place, ['repair', tenant, how])
  if (code !== 0) throw new Error(`repair ${tenant} ${how} ended with ${code}: ${errors}`)
}
