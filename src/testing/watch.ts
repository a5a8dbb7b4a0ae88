import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { SCOPE_CHANNEL } from '../observe/scopes'
import type { ScopeMessage } from '../observe/scopes'
import { REFUSAL_CHANNEL } from '../refusals'
import type { RefusalMessage } from '../refusals'
import { CarriedValue } from '../tenant/context'
import type { Tenant } from '../tenant/context'
import { describeLayer, watchLayers } from './express-layers'
import type { Layer } from './express-layers'
import { placeIn } from './trace'
import type { Refusal, Trace } from './trace'

/** What the watch needs of a tenancy. */
export interface WatchedTenancy {
  current(): Tenant | undefined
}

/**
 * Watches requests on their way through an application: as whom each layer of Express is entered, as whom each query runs,
 * and which ones are refused.
 */
export class Watch {
  readonly #tenancy: WatchedTenancy
  readonly #carried = new CarriedValue<Trace>()
  /** By the request, which the layers still have where the context is gone. */
  readonly #traces = new WeakMap<object, Trace>()
  /** The one request that runs, while requests run one by one. */
  #only: Trace | undefined
  /** Refused queries of which nobody knows the request. */
  readonly strayRefusals: Refusal[] = []
  readonly #ends: (() => void)[]

  /** @param applications - watched where they are Express' */
  constructor(tenancy: WatchedTenancy, applications: readonly unknown[]) {
    this.#tenancy = tenancy
    const onScope = (message: unknown): void => this.#onScope(message as ScopeMessage)
    const onRefusal = (message: unknown): void => this.#onRefusal((message as RefusalMessage).error)
    subscribe(SCOPE_CHANNEL, onScope)
    subscribe(REFUSAL_CHANNEL, onRefusal)
    this.#ends = [
      () => unsubscribe(SCOPE_CHANNEL, onScope),
      () => unsubscribe(REFUSAL_CHANNEL, onRefusal),
      ...applications.map((application) =>
        watchLayers(application, (layer, request, enter) => this.#onLayer(layer, request, enter)),
      ),
    ]
  }

  /** Calls `work`, which hands the request to the application. */
  follow<T>(trace: Trace, request: object, work: () => T): T {
    this.#traces.set(request, trace)
    this.#only = trace.alone ? trace : undefined
    return this.#carried.carry(trace, work)
  }

  /** Ends the watching, and leaves everything as it was. */
  stop(): void {
    for (const end of this.#ends.splice(0)) end()
  }

  #onLayer(layer: Layer, request: object, enter: () => unknown): unknown {
    const trace = this.#traces.get(request)
    if (trace === undefined) return enter()
    trace.entries.push({ layer: describeLayer(layer), tenant: this.#tenancy.current()?.id })
    // Again at each layer: where the tenant was lost on the way, so was this.
    return this.#carried.carry(trace, enter)
  }

  #onScope({ tenancy, scope }: ScopeMessage): void {
    const trace = this.#carried.current()
    if (tenancy !== this.#tenancy || trace === undefined || typeof scope !== 'object') return
    const { id } = scope as Tenant
    if (id !== trace.tenant.id && !trace.strays.has(id)) trace.strays.set(id, placeIn(new Error().stack))
  }

  #onRefusal({ code, stack }: RefusalMessage['error']): void {
    if (code !== 'ROWHOUSE_TENANT_REQUIRED') return
    const trace = this.#carried.current() ?? this.#only
    const refusal = { entries: trace?.entries.length ?? 0, where: placeIn(stack) }
    if (trace === undefined) this.strayRefusals.push(refusal)
    else trace.refusals.push(refusal)
  }
}
