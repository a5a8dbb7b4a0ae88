import { context, SpanKind, trace } from '@opentelemetry/api'
import type { Attributes, Context, Span } from '@opentelemetry/api'
import { listen } from '../listen'
import { queryInHand } from '../observe/queries'
import { nameInMessages } from '../request/parts-of'
import type { TenancyLike } from '../request/parts-of'

/** The attribute that spans get: the tenant's id. */
export const TENANT_ATTRIBUTE = 'rowhouse.tenant'

/** A span processor, as the SDK for traces takes it in `spanProcessors`. */
export interface TenantSpanProcessor {
  onStart(span: Span & { readonly kind: SpanKind }, parent: Context): void
  onEnd(): void
  forceFlush(): Promise<void>
  /** Ends the listening for requests. */
  shutdown(): Promise<void>
}

/** Where the instrumentation of `node:http` keeps the span of the request, above those of the framework's layers. */
const RPC_METADATA = Symbol.for('OpenTelemetry SDK Context Key RPC_METADATA')

/**
 * Makes a span processor that writes whose work a span is. A query of the drop-in pool has the tenant it runs for, wherever the
 * driver takes it; other spans of kind CLIENT have what their parent has; all others have the tenant of the code that starts
 * them. Of a request that is let in, the running span and the one of `node:http` get it, too.
 *
 * To stand in front of the processors that export: `spanProcessors: [tenantSpans(tenancy), new BatchSpanProcessor(...)]`.
 */
export function tenantSpans(tenancy: TenancyLike<unknown>): TenantSpanProcessor {
  const own = nameInMessages(tenancy)
  const end = listen({
    // Queries are told of only while somebody listens.
    query: () => {},
    request: ({ outcome, tenant, tenancy: name }) => {
      // A request may be let in by several tenancies.
      const isOurs = own === undefined || own === name
      if (isOurs && outcome === 'admitted' && tenant !== undefined) markRequest(tenant)
    },
  })
  return {
    onStart(span, parent) {
      const tenant = tenantOf(span, parent, tenancy)
      if (tenant !== undefined) span.setAttribute(TENANT_ATTRIBUTE, tenant)
    },
    onEnd() {},
    forceFlush: () => Promise.resolve(),
    shutdown: async () => end(),
  }
}

function tenantOf(
  { kind }: { readonly kind: SpanKind },
  parent: Context,
  tenancy: TenancyLike<unknown>,
): string | undefined {
  const query = queryInHand()
  // Such spans begin inside a driver, called back in the context of another request.
  if (kind === SpanKind.CLIENT) return query === undefined ? inherited(parent) : query.tenant
  return tenancy.current()?.id
}

function inherited(parent: Context): string | undefined {
  const { attributes } = (trace.getSpan(parent) ?? {}) as { readonly attributes?: Attributes }
  const value = attributes?.[TENANT_ATTRIBUTE]
  return typeof value === 'string' ? value : undefined
}

function markRequest(tenant: string): void {
  const active = context.active()
  const request = active.getValue(RPC_METADATA) as { readonly span?: Span } | undefined
  for (const span of [request?.span, trace.getSpan(active)]) span?.setAttribute(TENANT_ATTRIBUTE, tenant)
}
