import { ConfigError } from '../errors'
import { expectOneName, ownValue } from './resolver'
import type { Resolver } from './resolver'

/**
 * Takes a property of `req.session` as the tenant: `fromSession('tenantId')`, with express-session, koa-session, @fastify/session.
 * Trusted: the server wrote it. Write there only what the log-in has checked, never what a request asked for. Without a session, or
 * without the property, the request names no tenant. The session must come before the tenant.
 *
 * @throws {@link ConfigError} without a property's name
 */
export function fromSession(property: string): Resolver {
  if (typeof property !== 'string' || property === '') {
    throw new ConfigError(["fromSession() needs the name of a session's property: 'tenantId'."])
  }
  const name = `session's "${property}"`
  return {
    trust: 'trusted',
    name,
    resolve: (req) => expectOneName(ownValue((req as { session?: unknown }).session, property), name),
  }
}
