import { setTimeout as sleep } from 'node:timers/promises'
import type { RowDataPacket } from 'mysql2/promise'
import type { Dice } from '../../isolation/support/dice'
import type { CuttingProxy } from '../../support/cutting-proxy'
import type { StressTown } from './stress-town'

/** Messages of connections that were killed or broke while a request used them. */
const LOST =
  /CONNECTION_LOST|Connection lost|ECONNRESET|EPIPE|ER_QUERY_INTERRUPTED|ER_CONNECTION_KILLED|closed state|Connection was killed|interrupted/

/** Whether a failure is explained by a query that was cancelled or a connection that was killed. */
export function isLost({
  code = '',
  message,
}: {
  readonly code?: string | undefined
  readonly message: string
}): boolean {
  return LOST.test(code) || LOST.test(message)
}

/** Kills connections of the application at random moments. */
export async function strike(town: StressTown, dice: Dice, count: number): Promise<void> {
  await town.asOwner(async (owner) => {
    for (let left = count; left > 0; left -= 1) {
      await sleep(dice.below(60))
      const [rows] = await owner.query<RowDataPacket[]>(
        `select id from information_schema.processlist where user = 'rowhouse_app' and db like ?`,
        [`${town.prefix.replaceAll('_', '\\_')}%`],
      )
      if (rows.length === 0) continue
      const what = dice.chance(0.6) ? 'kill query' : 'kill'
      await owner.query(`${what} ${dice.pick(rows)['id']}`).catch(() => {})
    }
  })
}

/** Ends the threads whose client is gone already, and waits for them: what they still do is done then. */
export async function endOrphans(town: StressTown, proxy: CuttingProxy): Promise<void> {
  await town.asOwner(async (owner) => {
    for (;;) {
      const [rows] = await owner.query<RowDataPacket[]>(
        `select id from information_schema.processlist
          where user = 'rowhouse_app' and substring_index(host, ':', -1) in (?)`,
        [[0, ...proxy.usedPorts]],
      )
      if (rows.length === 0) return
      for (const { id } of rows) await owner.query(`kill ${id}`).catch(() => {})
      await sleep(3)
    }
  })
}
