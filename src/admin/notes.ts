import { addCookie, cookieOf } from './headers'
import { countText } from './pages/format'
import { cookiesOf } from './request'
import type { AdminRequest, AdminResponse } from './request'

/** What was done, told on the next page; how many migrations it took where that is of interest. */
const NOTES = {
  created: (count: number) => `The tenant was created, with ${countText(count, 'migration')}.`,
  migrated: (count: number) =>
    count === 0 ? 'Nothing was pending.' : `${countText(count, 'migration')} applied.`,
  rolledBack: (count: number) =>
    count === 0 ? 'Nothing was to be rolled back.' : `${countText(count, 'migration')} rolled back.`,
  suspended: () => 'The tenant is suspended: its requests are refused.',
  unsuspended: () => 'The tenant is served again.',
  dropped: () => 'The tenant was dropped for good.',
  kept: () => 'The tenant was dropped. Its data is kept for 30 days: see Dropped.',
  undropped: () => 'The tenant is back.',
  cancelled: () => 'The run was told to stop: tenants in hand are finished.',
} as const

/** Names of the notes. */
export type NoteName = keyof typeof NOTES

const COOKIE = 'rowhouse_admin_note'

/** Leaves a note for the next page: by its name, so that no text comes from outside. */
export function leaveNote(
  req: AdminRequest,
  res: AdminResponse,
  base: string,
  note: { readonly name: NoteName; readonly count?: number },
): void {
  const value = `${note.name}.${note.count ?? 0}`
  addCookie(res, cookieOf(req, base, { name: COOKIE, value, maxAge: 60 }))
}

/** Takes the note of the page before, which is then gone. */
export function takeNote(req: AdminRequest, res: AdminResponse, base: string): string | undefined {
  const [value] = cookiesOf(req, COOKIE)
  if (value === undefined) return undefined
  addCookie(res, cookieOf(req, base, { name: COOKIE, value: '', maxAge: 0 }))
  const [name = '', count] = value.split('.')
  if (!Object.hasOwn(NOTES, name)) return undefined
  return NOTES[name as NoteName](Number.parseInt(count ?? '', 10) || 0)
}
