import fc from 'fast-check'
import { classify } from '../../src/postgres/classify'
import type { Effect } from '../../src/postgres/classify'
import { afterEvent, needOf, resolvePath, UNKNOWN } from '../../src/postgres/path-state'
import type { PathEvent, PathState, TransactionStatus } from '../../src/postgres/path-state'

const A = '"tenant_a","pg_temp"'
const B = '"tenant_b","pg_temp"'
const DEFAULT = '"$user","public"'

function after(...events: PathEvent[]): PathState {
  return events.reduce(afterEvent, UNKNOWN)
}

const startup: PathEvent = { type: 'reported', path: DEFAULT, isStartup: true }
const reported = (path: string | undefined): PathEvent => ({ type: 'reported', path, isStartup: false })
const switched = (path: string): PathEvent => ({ type: 'switched', path })
const ready = (status: TransactionStatus = 'I', effect: Effect = 'none'): PathEvent => ({
  type: 'ready',
  status,
  effect,
})

describe('a server that does not report search_path', () => {
  test('is certain of nothing at first', () => {
    expect(needOf(after(ready()), A)).toEqual({ set: true, check: 'due' })
  })

  test('is certain from the ready after a switch until the release', () => {
    const state = after(switched(A), ready())
    expect(needOf(state, A)).toEqual({ set: false, check: 'due' })
    expect(needOf(afterEvent(state, { type: 'released' }), A)).toEqual({ set: true, check: 'due' })
  })

  test('a switch counts only once its transaction has ended well', () => {
    expect(after(switched(A)).path).toBeUndefined()
    expect(after(switched(A), { type: 'failed' }, ready()).path).toBeUndefined()
  })

  test.each(['write', 'any'] as const)('a statement with effect %s makes the path uncertain', (effect) => {
    expect(after(switched(A), ready(), ready('I', effect)).path).toBeUndefined()
    expect(after(switched(A), ready('I', effect)).path).toBeUndefined()
  })

  test('the end of a transaction makes the path uncertain, whichever end it was', () => {
    expect(after(switched(A), ready(), ready('T'), ready('I')).path).toBeUndefined()
    expect(
      after(switched(A), ready(), ready('T'), { type: 'failed' }, ready('E'), ready('I')).path,
    ).toBeUndefined()
  })

  test('DISCARD ALL makes the path uncertain', () => {
    expect(after(switched(A), ready(), { type: 'discarded' }).path).toBeUndefined()
  })
})

describe('a server that reports search_path', () => {
  test('is believed, whatever was set before', () => {
    const state = after(startup, switched(A), reported(A), ready())
    expect(state.path).toBe(A)
    expect(afterEvent(state, reported(B)).path).toBe(B)
  })

  test('a switch is not believed before the report', () => {
    expect(after(startup, switched(A)).path).toBe(DEFAULT)
  })

  test('a path survives the release', () => {
    const state = after(startup, switched(A), reported(A), ready(), { type: 'released' })
    expect(needOf(state, A)).toEqual({ set: false, check: 'due' })
  })

  test('a report that can not be read equals no path', () => {
    expect(needOf(after(startup, reported(undefined)), A).set).toBe(true)
  })

  test('the default path is the one of the startup, and has no schema to check', () => {
    const state = after(startup, ready())
    expect(resolvePath(state, undefined)).toBe(DEFAULT)
    expect(needOf(state, undefined)).toEqual({ set: false, check: 'none' })
    expect(needOf(afterEvent(state, reported(A)), undefined)).toEqual({
      set: true,
      check: 'none',
    })
  })
})

test('the first report of a server whose startup nobody saw is no default: it is the path of a tenant', () => {
  const state = after(switched(A), reported(A), ready())
  expect(state.path).toBe(A)
  expect(needOf(state, undefined).set).toBe(true)
})

describe('the check of the schema', () => {
  const onA = after(startup, switched(A), reported(A), ready())

  test('is made in front of every statement outside a transaction', () => {
    expect(needOf(onA, A)).toEqual({ set: false, check: 'due' })
  })

  test('is not made in a transaction, because it takes a snapshot', () => {
    const inside = afterEvent(onA, ready('T'))
    expect(needOf(inside, A)).toEqual({ set: false, check: 'none' })
    expect(needOf(inside, B)).toEqual({ set: true, check: 'none' })
  })

  test('may be left to a recent look, where the path itself is beyond doubt', () => {
    expect(needOf(onA, A, true)).toEqual({ set: false, check: 'relied' })
    expect(needOf(onA, B, true)).toEqual({ set: true, check: 'relied' })
    expect(needOf(onA, undefined, true)).toEqual({ set: true, check: 'none' })
    expect(needOf(afterEvent(onA, ready('T')), A, true)).toEqual({ set: false, check: 'none' })
  })

  test('is due on a silent server where the path was not set just now: a view may hide a change of it', () => {
    const silent = after(switched(A), ready())
    expect(needOf(silent, A, true)).toEqual({ set: false, check: 'due' })
    expect(needOf(silent, B, true)).toEqual({ set: true, check: 'relied' })
  })
})

/*
 * A model of the server: a committed path, and a path per open transaction. Random schedules of everything that moves
 * it run against the machine, which may never be certain of a path that the server is not on.
 */
type Move =
  | {
      readonly do: 'query'
      readonly tenant: string
      readonly fails: boolean
      readonly effect: Effect
      readonly sets?: string
      readonly isLocal?: boolean
    }
  | { readonly do: (typeof OTHER_MOVES)[number] }

const PATHS = [A, B, DEFAULT]
const OTHER_MOVES = ['begin', 'commit', 'rollback', 'savepoint', 'rollback to', 'release', 'discard'] as const

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    do: fc.constant('query' as const),
    tenant: fc.constantFrom(A, B),
    fails: fc.boolean(),
    effect: fc.constantFrom<Effect>('none', 'write', 'any'),
    sets: fc.constantFrom(...PATHS),
    isLocal: fc.boolean(),
  }),
  fc.record({ do: fc.constantFrom(...OTHER_MOVES) }),
)

class Server {
  status: TransactionStatus = 'I'
  #session = DEFAULT
  #local: string | undefined
  #before = DEFAULT
  #savepoints: { readonly session: string; readonly local: string | undefined }[] = []
  #reported = DEFAULT

  constructor(readonly reports: boolean) {}

  get path(): string {
    return this.#local ?? this.#session
  }

  set(path: string, isLocal = false): void {
    if (isLocal) this.#local = this.status === 'I' ? undefined : path
    else [this.#session, this.#local] = [path, undefined]
  }

  begin(): void {
    if (this.status !== 'I') return
    this.#before = this.#session
    this.status = 'T'
  }

  savepoint(): void {
    if (this.status === 'T') this.#savepoints.push({ session: this.#session, local: this.#local })
  }

  rollbackTo(): void {
    const saved = this.#savepoints.at(-1)
    if (this.status === 'I' || saved === undefined) return
    this.#session = saved.session
    this.#local = saved.local
    this.status = 'T'
  }

  end(keeps: boolean): void {
    if (this.status === 'I') return
    if (!keeps || this.status === 'E') this.#session = this.#before
    this.#local = undefined
    this.#savepoints = []
    this.status = 'I'
  }

  /** One Sync: all of it or nothing, unless a transaction is open, which then has failed. */
  sync(work: () => boolean): boolean {
    const before = this.#session
    if (this.status === 'E' || !work()) {
      if (this.status === 'I') this.#session = before
      else this.status = 'E'
      return false
    }
    return true
  }

  reportsNow(): PathEvent[] {
    if (!this.reports || this.#reported === this.path) return []
    this.#reported = this.path
    return [reported(this.path)]
  }
}

function play(server: Server, state: PathState, now: Move): PathState {
  const see = (...events: PathEvent[]): void => {
    state = events.reduce(afterEvent, state)
  }
  const end = (effect: Effect): void => see(...server.reportsNow(), ready(server.status, effect))
  if (now.do === 'release') {
    // A connection in a transaction is closed instead.
    if (server.status === 'I') see({ type: 'released' })
  } else if (now.do === 'discard') {
    if (server.status !== 'I') return state
    server.set(DEFAULT)
    see({ type: 'discarded' })
    end('none')
  } else if (now.do === 'query') {
    const { set, check } = needOf(state, now.tenant)
    const ok = server.sync(() => {
      if (set) server.set(now.tenant)
      if (set || check) see(switched(now.tenant))
      // The promise: the user's statement meets the tenant's path and no other.
      if (server.status !== 'E') expect(server.path).toBe(now.tenant)
      if (now.effect !== 'none' && now.sets !== undefined) server.set(now.sets, now.isLocal)
      return !now.fails
    })
    if (!ok) see({ type: 'failed' })
    end(now.effect)
  } else {
    if (now.do === 'begin') server.begin()
    else if (now.do === 'savepoint') server.savepoint()
    else if (now.do === 'rollback to') server.rollbackTo()
    else server.end(now.do === 'commit')
    end(classify(now.do).effect)
  }
  return state
}

test.each([true, false])(
  'no schedule makes the machine certain of a wrong path (server reports: %s)',
  (reports) => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40, size: 'max' }), (moves) => {
        const server = new Server(reports)
        let state = afterEvent(UNKNOWN, reports ? startup : ready())
        for (const now of moves) {
          state = play(server, state, now)
          if (state.path !== undefined && server.status !== 'E') expect(state.path).toBe(server.path)
        }
      }),
      { numRuns: 2000 },
    )
  },
)
