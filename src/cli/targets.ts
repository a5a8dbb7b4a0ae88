import type { Command } from 'commander'
import { ConfigError, TenantNotFoundError } from '../errors'
import type { ReadTenant } from '../fleet-reader'
import type { TenantId } from '../tenant/tenant-id'
import type { SchemaName } from '../tenant/schema-name'
import type { AnyTenancy } from './config'

/** Flags that say for whom a command works. */
export interface TargetFlags {
  readonly tenant?: readonly string[]
  readonly all?: boolean
}

/** Adds them to a command whose arguments are tenants, and at the end something else. */
export function addTargetFlags(command: Command): Command {
  return command.option('-t, --tenant <tenant...>', 'these tenants').option('--all', 'all tenants')
}

/**
 * For whom to work: all whole tenants, or those that are named, who must exist.
 *
 * @throws ConfigError, TenantNotFoundError
 */
export async function findTargets(
  tenancy: AnyTenancy,
  positional: readonly string[],
  { tenant = [], all = false }: TargetFlags,
): Promise<readonly ReadTenant[]> {
  const named = [...positional, ...tenant]
  expectTargets(named, all)
  if (all) {
    const whole = (await tenancy.list()).filter(({ state }) => state !== 'creating')
    return whole.map((one) => ({ id: one.tenant as TenantId, schema: one.prefix as SchemaName }))
  }
  for (const id of named) {
    if (await tenancy.exists(id)) continue
    throw new TenantNotFoundError(`There is no tenant "${id}". Nothing was done.`, { tenant: id })
  }
  return named.map((id) => ({ id: id as TenantId, schema: tenancy.schemaName(id) }))
}

/** Some, or all: one of the two must be said. @throws ConfigError */
export function expectTargets(named: readonly string[], all: boolean): void {
  if (all && named.length > 0) throw new ConfigError(['Name tenants or say --all, not both.'])
  if (!all && named.length === 0) throw new ConfigError(['Name the tenants, or say --all.'])
}
