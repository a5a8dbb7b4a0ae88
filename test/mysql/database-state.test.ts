import fc from 'fast-check'
import { afterEvent, needOf } from '../../src/mysql/database-state'
import type { DatabaseState, Wish } from '../../src/mysql/database-state'

const PARKING = 'parking'
const parked: DatabaseState = { at: PARKING, served: undefined }

function wish(change: Partial<Wish> = {}): Wish {
  return {
    database: 'a',
    needsDatabase: 'always',
    isDirty: false,
    isKnown: true,
    isAwaited: false,
    hasRole: false,
    parking: PARKING,
    ...change,
  }
}

test('from the parking place, a switch to a database that is known travels with the command', () => {
  expect(needOf(parked, wish())).toEqual({ reset: false, enter: true, awaited: false })
})

test.each<[string, DatabaseState, Partial<Wish>]>([
  ['to a database that this pool has not been in', parked, { isKnown: false }],
  ['from another database', { at: 'b', served: 'b' }, {}],
  ['from nobody knows where', { at: undefined, served: 'a' }, {}],
  ['where every switch is', parked, { isAwaited: true }],
])('a switch %s is awaited', (_what, state, change) => {
  expect(needOf(state, wish(change))).toEqual({ reset: false, enter: true, awaited: true })
})

test('nothing is needed where the connection is certainly there', () => {
  expect(needOf({ at: 'a', served: 'a' }, wish())).toEqual({ reset: false, enter: false, awaited: false })
})

test('a dirty session is cleared for another tenant, and for nobody else', () => {
  expect(needOf({ at: PARKING, served: 'b' }, wish({ isDirty: true })).reset).toBe(true)
  expect(needOf({ at: PARKING, served: 'a' }, wish({ isDirty: true })).reset).toBe(false)
  expect(needOf(parked, wish({ isDirty: true })).reset).toBe(false)
})

test('a prepared statement needs no database, a PREPARE of it only when a reset took it away', () => {
  expect(needOf(parked, wish({ needsDatabase: 'never' })).enter).toBe(false)
  expect(needOf(parked, wish({ needsDatabase: 'afterReset' })).enter).toBe(false)
  expect(
    needOf({ at: PARKING, served: 'b' }, wish({ needsDatabase: 'afterReset', isDirty: true })).enter,
  ).toBe(true)
})

/*
 * A model of the server: databases come and go, a switch may fail, and what was sent behind it runs all the same. Whatever
 * happens, a command never runs in a database that is some other tenant's.
 */
interface Move {
  readonly wants: string
  readonly exists: boolean
  readonly parks: boolean
  readonly doubts: boolean
}

test('no schedule lets a command run in the database of another tenant', () => {
  const move: fc.Arbitrary<Move> = fc.record({
    wants: fc.constantFrom('a', 'b', 'c'),
    exists: fc.boolean(),
    parks: fc.boolean(),
    doubts: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(move, { maxLength: 30, size: 'max' }), (moves) => {
      let state = parked
      let server = PARKING
      const known = new Set<string>()
      for (const { wants, exists, parks, doubts } of moves) {
        const need = needOf(state, wish({ database: wants, isKnown: known.has(wants) }))
        if (need.enter && exists) server = wants
        const isRefused = need.enter && !exists
        // Awaited: the client has read the refusal, and sends nothing.
        if (!(isRefused && need.awaited)) expect([wants, PARKING]).toContain(server)
        if (isRefused) {
          // The connection is closed, and another one opened.
          state = parked
          server = PARKING
          known.delete(wants)
          continue
        }
        known.add(wants)
        state = afterEvent(afterEvent(state, { type: 'at', database: wants }), {
          type: 'serves',
          database: wants,
        })
        if (doubts) {
          server = 'elsewhere'
          state = afterEvent(state, { type: 'doubted' })
        }
        if (parks) {
          server = PARKING
          state = afterEvent(state, { type: 'at', database: PARKING })
        }
      }
    }),
    { numRuns: 1000 },
  )
})
