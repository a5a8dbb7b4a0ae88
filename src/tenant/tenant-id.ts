import { TenantIdError } from '../errors'

/** What an application calls a tenant, checked: `acme`. The only way to get one is to have it parsed. */
export type TenantId = string & { readonly __tenantId: true }

/** What the public calls take as a tenant: `'acme'`, `42`, or an object with such an `id`. */
export type TenantInput = string | number | bigint | { readonly id: string | number | bigint }

/** Which ids a tenancy takes. */
export interface TenantIdRules {
  /** Replaces the default pattern: a regular expression that must match, or a function that answers true. */
  readonly validate?: RegExp | ((id: string) => boolean) | undefined
  /** Further names that no tenant may have, on top of the built-in ones. */
  readonly reserved?: readonly (string | RegExp)[] | undefined
}

// Lower case only: `Acme` and `acme` are two schemas on PostgreSQL and may be one database on MySQL.
const DEFAULT_PATTERN = /^[a-z0-9][a-z0-9_-]*$/

/** A regular expression, ours or the application's, may not get through millions of letters ("Maximum call stack size exceeded"). */
const MAX_LENGTH = 1024

const PRINTABLE_ASCII = /^[\x20-\x7e]+$/

// Triplex refuses the same names, as raw id and with the prefix in front (lib/triplex.ex, reserved_tenants/0).
const RESERVED: readonly (string | RegExp)[] = [
  'public',
  'information_schema',
  'performance_schema',
  'sys',
  'mysql',
  'ndbinfo',
  /^pg_/,
]

/**
 * Checks what a caller or a request gave as a tenant.
 *
 * @param value - `'acme'`, `42`, or `{ id: 'acme' }`
 * @returns the id as a string, `acme`
 * @throws {@link TenantIdError} `ROWHOUSE_TENANT_ID_INVALID` or `ROWHOUSE_TENANT_ID_RESERVED`. Never changes an id:
 * it is taken as it is, or refused.
 */
export function parseTenantId(value: unknown, rules: TenantIdRules = {}): TenantId {
  const id = toText(value)
  if (id.length > MAX_LENGTH) {
    throw new TenantIdError(
      'ROWHOUSE_TENANT_ID_INVALID',
      `Tenant id ${show(id)} has ${id.length} characters, and no database keeps a name of more than 64.`,
      { status: 404 },
    )
  }
  if (!isWellFormed(id) || !matches(id, rules.validate ?? DEFAULT_PATTERN)) {
    throw new TenantIdError(
      'ROWHOUSE_TENANT_ID_INVALID',
      `Tenant id ${show(id)} is not allowed. Use lower-case letters, digits, "_" and "-", starting with a letter or ` +
        'digit, or widen the rule with the option `validate`.',
      { status: 404 },
    )
  }
  if (isReserved(id, rules.reserved)) {
    throw new TenantIdError(
      'ROWHOUSE_TENANT_ID_RESERVED',
      `Tenant id ${show(id)} is a reserved name. Choose another.`,
      {
        tenant: id,
        status: 404,
      },
    )
  }
  return id as TenantId
}

/** Whether no tenant may have this name; asked for ids and for whole schema names. */
export function isReserved(name: string, more: readonly (string | RegExp)[] = []): boolean {
  const isName = (entry: string | RegExp): boolean =>
    typeof entry === 'string' ? entry === name : matches(name, entry)
  return RESERVED.some(isName) || more.some(isName)
}

function toText(value: unknown): string {
  const raw = typeof value === 'object' && value !== null && 'id' in value ? value.id : value
  if (typeof raw === 'string') return raw
  if (typeof raw === 'bigint' && raw >= 0n) return String(raw)
  if (typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= 0) return String(raw)
  throw new TenantIdError(
    'ROWHOUSE_TENANT_ID_INVALID',
    `A tenant is a string, a whole number from 0 to 2^53-1, or an object with such an "id"; got ${describe(raw)}.`,
    { status: 404 },
  )
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'number' ? `the number ${value}` : `a value of type ${typeof value}`
}

/** What no rule can widen: an empty id, NUL (the wire protocol ends a string there), half a surrogate pair, two spellings of one text. */
function isWellFormed(id: string): boolean {
  if (PRINTABLE_ASCII.test(id)) return true
  return id !== '' && !id.includes('\0') && !/\p{Surrogate}/u.test(id) && id.normalize('NFC') === id
}

function matches(id: string, rule: RegExp | ((id: string) => boolean)): boolean {
  if (typeof rule === 'function') return rule(id) === true
  if (!rule.global && !rule.sticky) return rule.test(id)
  // It remembers where it stopped and would answer differently the next time.
  return new RegExp(rule.source, rule.flags.replace(/[gy]/g, '')).test(id)
}

function show(id: string): string {
  return JSON.stringify(id.length > 80 ? `${id.slice(0, 80)}…` : id)
}
