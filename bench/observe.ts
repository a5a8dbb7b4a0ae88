import { channel } from 'node:diagnostics_channel'
import type { RowDataPacket } from 'mysql2/promise'
import { CHANNELS, createTenancy, listen } from 'rowhouse'
import type { Tenancy } from 'rowhouse'
import { mysql } from 'rowhouse/mysql'
import { postgres } from 'rowhouse/postgres'
import { midway } from './strategy'
import type { Strategy } from './strategy'

const CHECKS = 10_000_000
let stop: (() => void) | undefined

/** Channels are the process's: turned on and off where the turn of a strategy begins. */
function hear(wanted: boolean): void {
  if (wanted === (stop !== undefined)) return
  stop?.()
  const all = Object.keys(CHANNELS).map((name) => [name, () => {}])
  stop = wanted ? listen(Object.fromEntries(all)) : undefined
}

/** The same way to read twice: with nobody who listens, which is the floor, and with a subscriber on every channel. */
function both(open: () => Omit<Strategy, 'name'>): readonly Strategy[] {
  return [false, true].map((wanted) => {
    const { read, end } = open()
    return {
      name: wanted ? 'a subscriber on every channel' : 'floor: nobody listens',
      read: (tenant, id) => {
        hear(wanted)
        return read(tenant, id)
      },
      end: () => {
        hear(false)
        return end()
      },
    }
  })
}

/** Asks in the tenant of its turn. */
function wayOf(
  tenancy: Pick<Tenancy, 'run' | 'close'>,
  ask: (id: number) => Promise<string>,
): Omit<Strategy, 'name'> {
  return {
    read: ({ id: tenant }, id) =>
      tenancy.run(
        tenant,
        midway(() => ask(id)),
      ),
    end: () => tenancy.close(),
  }
}

/** PostgreSQL's pool. */
export function observePostgres(connectionString: string, max: number): readonly Strategy[] {
  return both(() => {
    const tenancy = createTenancy({ engine: postgres({ connectionString, max }) })
    const ask = async (id: number): Promise<string> =>
      (await tenancy.pool.query('select id, name from users where id = $1', [id])).rows[0].name
    return wayOf(tenancy, ask)
  })
}

/** mysql2's pool. */
export function observeMysql(uri: string, connectionLimit: number): readonly Strategy[] {
  return both(() => {
    const tenancy = createTenancy({ engine: mysql({ uri, connectionLimit }) })
    const ask = async (id: number): Promise<string> =>
      (await tenancy.pool.query<RowDataPacket[]>('select id, name from users where id = ?', [id]))[0][0]!.name
    return wayOf(tenancy, ask)
  })
}

/** What it takes to ask a channel whether anybody listens, in nanoseconds, the loop included. */
export function nanosOfCheck(): number {
  const quiet = channel('rowhouse:bench')
  let heard = 0
  const start = process.hrtime.bigint()
  for (let turn = 0; turn < CHECKS; turn += 1) if (quiet.hasSubscribers) heard += 1
  const nanos = Number(process.hrtime.bigint() - start) / CHECKS
  if (heard > 0) throw new Error('Somebody listens to the channel of the benchmark.')
  return nanos
}
