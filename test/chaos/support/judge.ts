import type { Failure } from './cli'
import type { Found } from './fleet'
import type { StormFailure } from './storm'
import { nameOf, sumOf } from './release'
import type { ChaosMigration, Traces } from './release'

/** What a tenant must be like at rest. */
export interface Expected extends Traces {
  readonly applied: readonly string[]
}

/** What a tenant has that got these migrations, each once, and perhaps a part of another one. */
export function expectedOf(migrations: readonly ChaosMigration[], part?: Traces): Expected {
  const leaves = migrations.map((migration) => migration.leaves)
  return { applied: migrations.map(nameOf).sort(), ...sumOf(part === undefined ? leaves : [...leaves, part]) }
}

/** What is wrong with a tenant, in words; empty where it is as it must be. */
export function judge(tenant: string, found: Found, expected: Expected): readonly string[] {
  const lists = (['applied', 'trace', 'objects'] as const).flatMap((key) =>
    difference(found[key], expected[key]).map((what) => `${tenant}: ${key}: ${what}`),
  )
  const counter =
    found.counter === expected.counter
      ? []
      : [`${tenant}: counter is ${found.counter}, not ${expected.counter}`]
  return [...lists, ...counter, ...found.leftovers.map((what) => `${tenant}: left behind: ${what}`)]
}

/** Tries of a tenant that nobody could help: the first one, and the six of `--retries`. */
const ALL_TRIES = 7
/** What no try can know. */
export const IN_DOUBT = 'ROWHOUSE_MIGRATION_UNFINISHED'

/** Failures of a storm that no storm excuses: whatever breaks, a tenant whose data is good is tried again. */
export function judgeStorm(failures: readonly StormFailure[], stuck: ReadonlySet<string>): readonly string[] {
  return failures
    .filter(({ tenant, code, tries }) => !stuck.has(tenant ?? '') && code !== IN_DOUBT && tries < ALL_TRIES)
    .map(({ tenant, tries, message }) => `${tenant} was given up after ${tries} tries: ${message}`)
}

/** What is wrong with the report of a tenant whose data a migration refuses. */
export function judgeReport(
  tenant: string,
  failures: readonly Failure[],
  {
    migration,
    statement,
    line,
  }: { readonly migration: string; readonly statement: number; readonly line: number },
): readonly string[] {
  const own = failures.filter((failure) => failure.tenant === tenant)
  if (own.length !== 1) return [`${tenant}: reported ${own.length} times`]
  const [failure] = own
  const told = { migration: failure!.migration, statement: failure!.statement, line: failure!.line }
  const wanted = { migration, statement, line }
  const isNamed = /(amount|price)_not_negative/.test(failure!.message)
  return [
    ...(JSON.stringify(told) === JSON.stringify(wanted)
      ? []
      : [
          `${tenant}: reported as ${JSON.stringify(told)}, not ${JSON.stringify(wanted)}: ${failure!.message}`,
        ]),
    ...(isNamed ? [] : [`${tenant}: the constraint is not named: ${failure!.message}`]),
  ]
}

/** Both as bags: what is missing, and what is there too often. */
function difference(found: readonly string[], expected: readonly string[]): readonly string[] {
  const count = (list: readonly string[], wanted: string): number =>
    list.filter((one) => one === wanted).length
  return [...new Set([...found, ...expected])].flatMap((one) => {
    const [is, must] = [count(found, one), count(expected, one)]
    return is === must ? [] : [`${one} ${is} times, not ${must}`]
  })
}
