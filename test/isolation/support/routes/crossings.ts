import type { Kind } from '../kind'
import { failsWith, READ, WRITE } from '../turn'
import type { Turn } from '../turn'

/** Requests that use what belongs to another tenant, or to nobody any more. */
export const CROSSINGS: readonly Kind[] = [
  {
    name: 'nested contexts',
    style: 'promise',
    weight: 4,
    tokens: ['kept', 'other'],
    isMild: true,
    run: nest,
  },
  {
    name: 'nested checkouts',
    style: 'promise',
    weight: 3,
    tokens: ['kept', 'other'],
    isMild: true,
    run: nestHolding,
  },
  { name: 'client of another', style: 'promise', weight: 2, tokens: ['gone', 'kept'], run: useInOther },
  { name: 'client after release', style: 'promise', weight: 2, tokens: ['gone'], run: useReleased },
  { name: 'without tenant', style: 'promise', weight: 2, run: useWithoutTenant },
]

async function nest(turn: Turn): Promise<void> {
  await turn.read()
  await turn.subject.run(turn.other, async () => {
    await turn.read(turn.pool, turn.other)
    await turn.write(1, turn.pool, turn.other)
  })
  await turn.write(0)
}

async function nestHolding(turn: Turn): Promise<void> {
  await turn.holdingClient(async (client) => {
    await client.query('begin')
    await turn.write(0, client)
    await turn.subject.run(turn.other, async () => {
      await turn.write(1, turn.pool, turn.other)
      await turn.read(turn.pool, turn.other)
    })
    await turn.read(client)
    await client.query('commit')
  })
}

/** Only a pool that refuses is asked to: to a plain one a client is a client. */
async function useInOther(turn: Turn): Promise<void> {
  await turn.withClient(async (client) => {
    if (turn.subject.isGuarded) {
      await turn.subject.run(turn.other, () =>
        failsWith('ROWHOUSE_TENANT_MISMATCH', client.query(WRITE, [turn.tokens[0]])),
      )
    }
    await turn.write(1, client)
  })
}

async function useReleased(turn: Turn): Promise<void> {
  const client = await turn.withClient(async (lent) => lent)
  await turn.read()
  if (turn.subject.isGuarded)
    await failsWith('ROWHOUSE_CLIENT_RELEASED', client.query(WRITE, [turn.tokens[0]]))
}

async function useWithoutTenant(turn: Turn): Promise<void> {
  await turn.read()
  if (turn.subject.isGuarded)
    await turn.subject.withoutTenant(() => failsWith('42P01', turn.pool.query(READ)))
  await turn.read()
}
