/** Stable name of a finding; docs/doctor.md has reason and cure of each. */
export type FindingCode =
  | 'account-has-super'
  | 'account-may-grant'
  | 'extension-in-tenant'
  | 'init-connect-lost'
  | 'local-files-allowed'
  | 'migrations-unreachable'
  | 'names-folded'
  | 'pooler-before-migrations'
  | 'pooler-in-between'
  | 'pooler-not-session'
  | 'proxy-before-migrations'
  | 'proxy-in-between'
  | 'rights-beside-roles'
  | 'rights-on-all-databases'
  | 'rights-outside-tenants'
  | 'role-bypasses-rls'
  | 'role-is-superuser'
  | 'role-may-create'
  | 'role-owns-tenants'
  | 'schema-not-tracked'
  | 'search-path-default'
  | 'search-path-not-reported'
  | 'shared-table-in-tenant'
  | 'table-cache-too-small'
  | 'tenant-not-usable'
  | 'tenant-role-in-roles'
  | 'tenant-without-role'
  | 'too-few-connections'
  | 'too-few-locks'
  | 'too-few-statements'

/** One thing in a set-up that is wrong (`error`), or that somebody should know of (`warning`). */
export interface Finding {
  readonly code: FindingCode
  readonly severity: 'error' | 'warning'
  /** What was seen, with names and numbers. */
  readonly reason: string
  /** What to do. */
  readonly cure: string
}

const MAX_NAMED = 5

/** `"a", "b" and 7 more` */
export function nameSome(names: readonly string[]): string {
  return listSome(names.map((name) => `"${name}"`))
}

/** The same for what is no plain name. */
export function listSome(texts: readonly string[]): string {
  const listed = texts.slice(0, MAX_NAMED)
  const more = texts.length - listed.length
  return more > 0 ? `${listed.join(', ')} and ${more} more` : listed.join(', ')
}

/** `1 table`, `2 tables` */
export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
