import type { Sql } from '../database/database'
import type { ImportWork } from './import-queue'

const NAMES = ['Anchor bolt', 'Bearing', 'Cam', 'Dowel', 'Eyelet', 'Flange', 'Gasket', 'Hinge'] as const

/**
 * Makes widgets in the tenant whose job it is: `tenancy.wrapJob` has seen to that, so no query says whose.
 *
 * @param sql - of the tenancy's pool
 */
export function importWidgets(sql: Sql): ImportWork {
  return async (job, signal) => {
    const type = await sql.insert('insert into widget_types (name) values (?)', [`Import ${job.id}`])
    for (let index = 0; index < job.data.widgets; index += 1) {
      signal.throwIfAborted()
      const name = `${NAMES[index % NAMES.length]} ${Math.floor(index / NAMES.length) + 1}`
      await sql.insert('insert into widgets (name, widget_type_id) values (?, ?)', [name, type])
      job.done += 1
    }
  }
}
