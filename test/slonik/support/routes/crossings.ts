import { AsyncResource } from 'node:async_hooks'
import type { DatabasePoolConnection } from 'slonik'
import { failsInside } from '../slonik-turn'
import type { SlonikTurn } from '../slonik-turn'
import type { SlonikKind } from '../stress-kinds'

/** Requests that use what belongs to another tenant, or to nobody any more. */
export const CROSSINGS: readonly SlonikKind[] = [
  { name: 'nested contexts', weight: 4, tokens: ['kept', 'other'], isMild: true, run: nest },
  { name: 'nested connections', weight: 3, tokens: ['kept', 'other'], isMild: true, run: nestHolding },
  { name: 'connection of another', weight: 2, tokens: ['gone', 'kept'], run: useInOther },
  { name: 'connection after its end', weight: 2, tokens: ['gone'], run: useReleased },
  { name: 'without tenant', weight: 2, run: useWithoutTenant },
  { name: 'lost context', weight: 2, tokens: ['gone', 'kept'], run: loseContext },
]

async function nest(turn: SlonikTurn): Promise<void> {
  const { base } = turn
  await turn.read()
  await base.subject.run(base.other, async () => {
    await turn.read(turn.slonik, base.other)
    await turn.write(1, turn.slonik, base.other)
  })
  await turn.write(0)
}

async function nestHolding(turn: SlonikTurn): Promise<void> {
  const { base } = turn
  await base.holding(() =>
    turn.slonik.connect(async (connection) => {
      await turn.write(0, connection)
      await base.subject.run(base.other, async () => {
        await turn.write(1, turn.slonik, base.other)
        await turn.read(turn.slonik, base.other)
      })
      await turn.read(connection)
    }),
  )
}

/** Only a pool that refuses is asked to: to a plain one a connection is a connection. */
async function useInOther(turn: SlonikTurn): Promise<void> {
  const { base } = turn
  await turn.slonik.transaction(async (tx) => {
    if (base.subject.isGuarded) {
      await base.subject.run(base.other, () =>
        failsInside('ROWHOUSE_TENANT_MISMATCH', tx.query(turn.writing(0))),
      )
    }
    await turn.write(1, tx)
  })
}

async function useReleased(turn: SlonikTurn): Promise<void> {
  let kept: DatabasePoolConnection | undefined
  await turn.slonik.connect(async (connection) => {
    kept = connection
    await turn.read(connection)
  })
  await turn.read()
  if (!turn.base.subject.isGuarded) return
  // It is slonik or this package that refuses, depending on what became of the connection.
  const use = async (): Promise<unknown> => kept!.query(turn.writing(0))
  const late = await use().then(
    () => 'ran',
    () => 'refused',
  )
  if (late !== 'refused') throw new Error('A connection was used after its end.')
}

async function useWithoutTenant(turn: SlonikTurn): Promise<void> {
  const { subject } = turn.base
  await turn.read()
  if (subject.isGuarded) await subject.withoutTenant(() => failsInside('42P01', turn.slonik.any(turn.newest)))
  await turn.read()
}

/** Belongs to no request, as an emitter or a queue that was made at the start does. */
const nowhere = new AsyncResource('nowhere')

async function loseContext(turn: SlonikTurn): Promise<void> {
  const refused = 'ROWHOUSE_TENANT_REQUIRED'
  if (turn.base.subject.isGuarded) {
    await nowhere.runInAsyncScope(() => failsInside(refused, turn.slonik.query(turn.writing(0))))
    await nowhere.runInAsyncScope(() =>
      failsInside(
        refused,
        turn.slonik.transaction((tx) => tx.query(turn.writing(0))),
      ),
    )
  }
  await turn.write(1)
}
