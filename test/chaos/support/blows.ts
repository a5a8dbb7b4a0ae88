import { Dice } from '../../isolation/support/dice'

/** What is broken. */
export type BlowKind = 'kill command' | 'second command' | 'kill connections' | 'kill server'

/** One blow. */
export interface Blow {
  readonly kind: BlowKind
  /** After so many tenants have been reported as done since the blow before, or as soon as nothing moves. */
  readonly afterDone: number
  /** Then so long later, in milliseconds: where exactly it lands is the machine's. */
  readonly jitterMs: number
  /** Decides what is left open: which connections. */
  readonly draw: number
  /** How long the server is down, in milliseconds. */
  readonly downMs: number
}

/** Out of twenty blows. */
const SHARES: readonly (readonly [BlowKind, number])[] = [
  ['kill command', 7],
  ['kill connections', 7],
  ['second command', 3],
  ['kill server', 3],
]

/** How often each tenant is met by a blow, about. */
const TENANTS_PER_BLOW = 4
const JITTER_MS = 40

/** The blows of a storm over so many tenants. The same seed gives the same ones; each kind is among them. */
export function drawBlows(seed: number, tenants: number): readonly Blow[] {
  const dice = new Dice(seed)
  const bag = SHARES.flatMap(([kind, share]) => Array.from({ length: share }, () => kind))
  const kinds = SHARES.map(([kind]) => kind)
  const count = Math.max(kinds.length, Math.round(tenants / TENANTS_PER_BLOW))
  const rest = Array.from({ length: count - kinds.length }, () => dice.pick(bag))
  return dice.shuffle([...kinds, ...rest]).map((kind, index) => ({
    kind,
    // Before the first one two commands have time to meet.
    afterDone: index === 0 ? Math.round(tenants / 2) : dice.below(TENANTS_PER_BLOW * 2),
    jitterMs: dice.below(JITTER_MS),
    draw: dice.below(1_000_000),
    downMs: dice.below(500),
  }))
}
