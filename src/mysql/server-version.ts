/** A server's version, as far as what it can do depends on it. */
export interface ServerVersion {
  readonly isMariadb: boolean
  readonly major: number
  readonly minor: number
}

/** Reads what `version()` answers: `10.11.18-MariaDB`, in old ones behind `5.5.5-`. */
export function readVersion(text: string): ServerVersion {
  const [major = 0, minor = 0] = text
    .replace(/^5\.5\.5-/, '')
    .split('.')
    .map(Number)
  return { isMariadb: /mariadb/i.test(text), major, minor }
}

/** Whether it is at least this one. */
export function isFrom({ major, minor }: ServerVersion, first: number, second: number): boolean {
  return major > first || (major === first && minor >= second)
}
