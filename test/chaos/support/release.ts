/** What a migration leaves, so that a second run of it, or half of one, is seen. */
export interface Traces {
  /** Rows of the table `trace`, which has no key. */
  readonly trace: readonly string[]
  /** What is added to the one row of `counter`. */
  readonly counter: number
  /** Columns and indexes that are there afterwards: `orders.total`. */
  readonly objects: readonly string[]
}

/** A migration of the chaos fleet. */
export interface ChaosMigration {
  /** File name with its extension. */
  readonly file: string
  readonly text: string
  readonly leaves: Traces
  /** A negative value makes it fail. */
  readonly fails?: {
    /** What is done of it all the same. */
    readonly leaves: Traces
    readonly statement: number
    readonly line: number
  }
}

/** Columns of `items` that must not be negative one day. */
export type Column = 'amount' | 'price'

/** Migrations that come at once. */
export interface Release {
  readonly migrations: readonly ChaosMigration[]
  /** The column of `items` whose negative value makes one of them fail. */
  readonly checks: Column
  /** How many of them stay then, from the first on. */
  readonly keptOnFailure: number
}

/** What came before the storm, and the releases that are run in it. */
export interface Releases {
  readonly base: ChaosMigration
  readonly storms: readonly Release[]
}

/** Nothing. */
export const NO_TRACES: Traces = { trace: [], counter: 0, objects: [] }

/** Shorthand: rows of `trace`, what `counter` gets, objects. */
export function leaving(trace: readonly string[], counter = 0, objects: readonly string[] = []): Traces {
  return { trace, counter, objects }
}

/** What several migrations leave together. */
export function sumOf(traces: readonly Traces[]): Traces {
  return {
    trace: traces.flatMap(({ trace }) => trace).sort(),
    counter: traces.reduce((sum, { counter }) => sum + counter, 0),
    objects: traces.flatMap(({ objects }) => objects).sort(),
  }
}

/** `20260101000000_base`, as the books have it. */
export function nameOf({ file }: Pick<ChaosMigration, 'file'>): string {
  return file.replace(/\.\w+$/, '')
}

/** A row of the table `trace` for what was run. */
export function trace(name: string): string {
  return `insert into trace (name) values ('${name}');`
}

/** One more in the one row of `counter`. */
export const COUNT = 'update counter set n = n + 1;'

/** What every fleet has before the first storm. */
export const BASE_LEAVES = leaving([], 0, [
  ...['counter.n', 'items.amount', 'items.code', 'items.id', 'items.price', 'trace.name'],
])
