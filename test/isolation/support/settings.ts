/** Rounds of 200 requests, `ROWHOUSE_STRESS_ROUNDS=100`. */
export const ROUNDS = numberOf('ROWHOUSE_STRESS_ROUNDS') ?? 2

/** A run for its figures. */
export const IS_LONG = Boolean(process.env.ROWHOUSE_STRESS_ROUNDS)

/** Seed of the schedule, `ROWHOUSE_STRESS_SEED=7`. Drawn anew for each run, and told when it fails. */
export const SEED = numberOf('ROWHOUSE_STRESS_SEED') ?? Date.now() % 1_000_000

function numberOf(variable: string): number | undefined {
  const text = process.env[variable]
  if (text === undefined || text === '') return undefined
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0)
    throw new Error(`${variable} must be a whole number: ${text}`)
  return number
}
