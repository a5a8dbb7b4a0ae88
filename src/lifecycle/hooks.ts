import type { Direction } from '../engine'
import { HookError } from '../run-errors'
import { readThrown } from '../thrown'

/** Whom a hook is called for. */
export interface HookedTenant {
  /** Tenant id, `acme`. */
  readonly tenant: string
  /** Name of its schema, `tenant_acme`. */
  readonly schema: string
}

/** A tenant that was made. */
export interface CreatedTenant extends HookedTenant {
  /** Versions of the migrations that were run, in their order. */
  readonly versions: readonly number[]
}

/** A tenant that was migrated, or rolled back. */
export interface MigratedTenant extends CreatedTenant {
  readonly direction: Direction
}

/** A tenant that was dropped. */
export interface DroppedTenant extends HookedTenant {
  /** Until when its data is kept aside; undefined where it is gone. */
  readonly keptUntil: Date | undefined
}

/** Code of the application in the life of a tenant. Each may return a promise, which is waited for. */
export interface Hooks {
  /** In the context of a new tenant whose migrations have run, before anybody is served from it; an error drops it again. For seeds. */
  readonly afterCreate?: ((info: CreatedTenant) => unknown) | undefined
  /** In the context of a tenant in which at least one migration was run; an error leaves the migrations. */
  readonly afterMigrate?: ((info: MigratedTenant) => unknown) | undefined
  /** In the context of a tenant that is to be dropped; an error keeps it. For backups. */
  readonly beforeDrop?: ((info: HookedTenant) => unknown) | undefined
  /** Without a tenant, once it is dropped. */
  readonly afterDrop?: ((info: DroppedTenant) => unknown) | undefined
}

const HOOK_NAMES = ['afterCreate', 'afterMigrate', 'beforeDrop', 'afterDrop'] as const

type HookName = (typeof HOOK_NAMES)[number]
type InfoOf<Name extends HookName> = Parameters<NonNullable<Hooks[Name]>>[0]

/** The hooks of a tenancy, each called in the context that it is to have. */
export interface HookRunner {
  readonly hooks: Hooks
  /** Calls work in the context of a tenant, or, for `afterDrop`, without one. */
  readonly inContext: <T>(info: HookedTenant, hook: HookName, work: () => T) => T
}

const WHAT_STANDS: Readonly<Record<HookName, string>> = {
  afterCreate: 'The tenant is dropped again. Mend the hook, and create it again.',
  afterMigrate:
    'The migrations stay. What the hook was to do is left to you: it is not called again for them.',
  beforeDrop: 'Nothing was dropped.',
  afterDrop: 'The tenant is dropped. What the hook was to do is left to you.',
}

/**
 * Calls a hook, if there is one, and waits for it.
 *
 * @throws HookError with what it threw as `cause`
 */
export async function runHook<Name extends HookName>(
  { hooks, inContext }: HookRunner,
  name: Name,
  info: InfoOf<Name>,
): Promise<void> {
  const hook = hooks[name] as ((info: HookedTenant) => unknown) | undefined
  if (hook === undefined) return
  try {
    await inContext(info, name, () => hook(info))
  } catch (cause) {
    const { tenant } = info
    const { message: reason } = readThrown(cause)
    throw new HookError(
      name,
      `The hook \`${name}\` failed for tenant "${tenant}": ${reason}. ${WHAT_STANDS[name]}`,
      {
        tenant,
        cause,
      },
    )
  }
}

/** What is wrong with the option `hooks`, one sentence per mistake. */
export function hookProblems(hooks: unknown): string[] {
  if (typeof hooks !== 'object' || hooks === null)
    return ['The option `hooks` must be an object of functions.']
  return Object.entries(hooks).flatMap(([name, hook]) => {
    if (!(HOOK_NAMES as readonly string[]).includes(name))
      return [`The option \`hooks\` has "${name}", which is not known. Known: ${HOOK_NAMES.join(', ')}.`]
    return hook === undefined || typeof hook === 'function'
      ? []
      : [`The hook \`${name}\` must be a function.`]
  })
}
