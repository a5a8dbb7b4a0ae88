import type { Passage } from '../request/gate'
import type { TenancyLike } from '../request/parts-of'
import type { PlainRequest } from '../request/request-like'
import { adapterGate } from './adapter-gate'
import type { AdapterOptions } from './adapter-gate'
import { HttpRefusal, toHttpError } from './http-refusal'

export { HttpRefusal }

type Done = (error?: Error) => void

/** What the plugin needs of a Fastify instance. */
export interface FastifyLike {
  addHook(name: 'onRequest', hook: (request: never, reply: never, done: Done) => void): unknown
  addHook(name: 'preHandler', hook: (request: never, reply: never, done: Done) => void): unknown
  hasRequestDecorator(name: string): boolean
  decorateRequest(name: string): unknown
}

/** A plugin of Fastify 5: `app.register(plugin)`. */
export type FastifyTenantPlugin = (instance: FastifyLike, options: unknown, done: Done) => void

interface Reply {
  header(name: string, value: string): unknown
}

/**
 * Makes the Fastify plugin that admits requests to their tenant. It is for the routes of the scope it is registered in, and the
 * scopes below: `app.register(async (scope) => { await scope.register(fastifyTenant(tenancy, { ... })); scope.get(...) })`.
 * Their hooks and handlers run in the tenant's context, and find the directory's record as `request.tenant`. A refusal
 * is an {@link HttpRefusal} for the error handler. A path without a route stays Fastify's 404.
 *
 * @throws ConfigError for a spoofable name without `authorize`, and for other mistakes in the options
 */
export function fastifyTenant<Record, Req extends object = PlainRequest>(
  tenancy: TenancyLike<Record>,
  options: AdapterOptions<Req, Record>,
): FastifyTenantPlugin {
  const admit = adapterGate(tenancy, options)
  const passages = new WeakMap<object, Passage<Record>>()

  function onRequest(request: Req & { is404?: boolean; tenant?: unknown }, reply: Reply, done: Done): void {
    if (request.is404 === true) return done()
    admit(request).then(
      (passage) => {
        passages.set(request, passage)
        if (passage.tenant !== undefined) request.tenant = passage.tenant.record
        passage.run(() => done())
      },
      (error: unknown) => {
        const told = toHttpError(error)
        // An error handler of the application's answers by itself, and the header is there all the same.
        if (told instanceof HttpRefusal)
          for (const [name, value] of Object.entries(told.headers)) reply.header(name, value)
        done(told as Error)
      },
    )
  }
  /** Fastify keeps the context through its parsers; a hook between that is called back from elsewhere does not. */
  function enterAgain(request: object, _reply: unknown, done: Done): void {
    const passage = passages.get(request)
    if (passage === undefined) return done()
    passage.run(() => done())
  }

  function rowhouseTenant(instance: FastifyLike, _options: unknown, done: Done): void {
    if (!instance.hasRequestDecorator('tenant')) instance.decorateRequest('tenant')
    instance.addHook('onRequest', onRequest)
    instance.addHook('preHandler', enterAgain)
    done()
  }
  // As fastify-plugin does it: the hooks belong to the scope that registers the plugin, not to one of its own.
  return Object.assign(rowhouseTenant, { [Symbol.for('skip-override')]: true })
}
