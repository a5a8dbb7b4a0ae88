import { TenantMismatchError } from '../errors'
import { WITHOUT_TENANT } from '../tenant/context'
import type { Scope } from '../tenant/context'

type Method = (...args: unknown[]) => unknown

/**
 * A pool for the client of one tenant. The client's SQL names that tenant's schema, so that the tenant of the call, which the
 * pool goes by, must be the same. Listeners are not passed on: the pool would keep each client that was ever made.
 *
 * @param scope - what the calling code may touch
 */
export function ownedBy<Pool extends object>(
  owner: string,
  pool: Pool,
  scope: () => Scope | undefined,
): Pool {
  const guarded = (method: Method): Method =>
    async function (...args) {
      const current = scope()
      const id = current === undefined || current === WITHOUT_TENANT ? undefined : current.id
      // Nobody's call is refused by the pool itself.
      if (id === owner || current === undefined) return method(...args)
      throw new TenantMismatchError(
        `This Prisma client is of tenant "${owner}" and is used in the context of ` +
          `${id === undefined ? 'no tenant' : `tenant "${id}"`}. Call the function of prismaPerTenant() where the client is used.`,
        { tenant: owner },
      )
    }
  const own: Record<string | symbol, Method> = {}
  own['on'] = own['removeListener'] = () => owned
  const owned = new Proxy(pool, {
    get(target, name) {
      if (own[name] !== undefined) return own[name]
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const method: Method = (...args) => Reflect.apply(value, target, args) as unknown
      return (own[name] = name === 'query' || name === 'connect' ? guarded(method) : method)
    },
  })
  return owned
}
