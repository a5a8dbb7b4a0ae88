import { MigrationFolderError } from '../errors'

/** What a migration's file name says, `20261124101500_create_widgets.ts`. */
export interface MigrationFileName {
  /** `20261124101500` */
  readonly version: number
  /** File name without extension: the name in the bookkeeping table. */
  readonly name: string
}

const VERSIONED = /^(\d+)[_-]/
const PARTS = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/

/**
 * Reads a file name without its extension.
 *
 * @param name - `20261124101500_create_widgets`
 * @throws {@link MigrationFolderError} if it does not begin with a UTC time of 14 digits. Other lengths are refused
 * because node-pg-migrate orders them apart from each other (13 and 17 digits as times, the rest as numbers).
 */
export function parseFileName(name: string): MigrationFileName {
  const digits = VERSIONED.exec(name)?.[1]
  if (digits === undefined || !isUtcTime(digits)) {
    throw new MigrationFolderError(
      `Migration "${name}" does not begin with a version: a UTC time of 14 digits and "_", such as ` +
        `20261124101500_create_widgets. ${digits === undefined ? 'Rename or move the file.' : `It has "${digits}". Rename the file, and its row in the bookkeeping tables.`}`,
    )
  }
  return { version: Number(digits), name }
}

/** The number in front of a name in the books; 0 where there is none. */
export function versionOfName(name: string): number {
  return Number(/^\d+/.exec(name)?.[0] ?? 0)
}

/** The version of a moment, to the second: `20261124101500`. */
export function versionOf(time: Date): number {
  return Number(time.toISOString().replace(/\D/g, '').slice(0, 14))
}

/**
 * The form of a migration's name in a file name: `CreateUsers`, `create-users` and `create users` are `create_users`.
 *
 * @throws {@link MigrationFolderError} if nothing that can be in a file name is left, or something else is
 */
export function snakeCase(name: string): string {
  const snake = name
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/[\s_-]+/g, '_')
    .toLowerCase()
  if (/^[a-z][a-z0-9_]*$/.test(snake) && snake.length <= 200) return snake
  throw new MigrationFolderError(
    `"${name}" is no name for a migration. Use letters, digits and "_", such as create_widgets or CreateWidgets.`,
  )
}

function isUtcTime(digits: string): boolean {
  const [, year, month, day, hour, minute, second] = PARTS.exec(digits) ?? []
  if (year === undefined) return false
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  // Date takes 31 February for a day in March.
  return !Number.isNaN(time.getTime()) && String(versionOf(time)) === digits
}
