/** Where a MariaDB or MySQL server is on this machine, and what it needs to run. */
export interface ServerFiles {
  /** `/usr/sbin/mariadbd` */
  readonly server: string
  /** Script that makes a data folder; undefined for Oracle's MySQL, where the server does that itself. */
  readonly install: string | undefined
  /** Options that every start needs, `--basedir=...`. */
  readonly options: readonly string[]
  readonly env: Readonly<Record<string, string>>
}
