/** A step of an Express router: a middleware, a handler, or what leads to a nested router or route. */
export interface Layer {
  readonly name?: unknown
  readonly handle?: unknown
  readonly route?: unknown
}

/** Is told of each layer that a request enters, and calls `enter`. */
export type LayerObserver = (layer: Layer, request: object, enter: () => unknown) => unknown

type Enter = (this: Layer, request: object, ...rest: unknown[]) => unknown
type Prototype = Record<string, unknown>

/** Express 5 and the package `router`; Express 4. */
const METHODS = ['handleRequest', 'handle_request'] as const

const MAX_TEXT = 60

interface Watched {
  readonly method: string
  readonly original: Enter
  readonly observers: Set<LayerObserver>
}

/** By the prototype of their layers: several leak tests may watch one Express. */
const watched = new WeakMap<Prototype, Watched>()

/**
 * Watches the layers of an Express 4 or 5 application, those of applications and routers below it as well. Express itself
 * is not loaded: it is recognised by its form, and anything else is left alone.
 *
 * @returns ends the watching
 */
export function watchLayers(application: unknown, observer: LayerObserver): () => void {
  const prototypes = [...prototypesIn(application)]
  for (const prototype of prototypes) watch(prototype).observers.add(observer)
  return () => {
    for (const prototype of prototypes) unwatch(prototype, observer)
  }
}

/** `"fileUpload"`, or for one without a name the beginning of its text. */
export function describeLayer({ name, handle }: Layer): string {
  if (typeof name === 'string' && !['', 'anonymous', '<anonymous>'].includes(name)) return `"${name}"`
  const text = String(handle).replace(/\s+/g, ' ')
  return `\`${text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text}\``
}

function watch(prototype: Prototype): Watched {
  const known = watched.get(prototype)
  if (known !== undefined) return known
  const method = METHODS.find((name) => typeof prototype[name] === 'function')!
  const original = prototype[method] as Enter
  const observers = new Set<LayerObserver>()
  prototype[method] = function (this: Layer, request: object, ...rest: unknown[]): unknown {
    const enter = (): unknown => original.call(this, request, ...rest)
    // Express passes over a handler of errors here.
    if (typeof this.handle !== 'function' || this.handle.length > 3) return enter()
    const all = [...observers].reduce<() => unknown>(
      (inner, observer) => () => observer(this, request, inner),
      enter,
    )
    return all()
  }
  const entry = { method, original, observers }
  watched.set(prototype, entry)
  return entry
}

function unwatch(prototype: Prototype, observer: LayerObserver): void {
  const entry = watched.get(prototype)
  if (entry === undefined) return
  entry.observers.delete(observer)
  if (entry.observers.size > 0) return
  prototype[entry.method] = entry.original
  watched.delete(prototype)
}

/** Each kind of layer in an application: a router below may be of another version of Express. */
function prototypesIn(application: unknown): Set<Prototype> {
  const found = new Set<Prototype>()
  const seen = new Set<unknown>()
  const visit = (router: unknown): void => {
    if (router === undefined || seen.has(router)) return
    seen.add(router)
    for (const layer of stackOf(router)) {
      const prototype = Object.getPrototypeOf(layer) as Prototype | null
      if (METHODS.some((name) => typeof prototype?.[name] === 'function')) found.add(prototype!)
      visit(layer.route)
      visit(layer.handle)
    }
  }
  visit(routerOf(application))
  visit(application)
  return found
}

function routerOf(application: unknown): unknown {
  if (typeof application !== 'function') return undefined
  const { _router } = application as { _router?: unknown }
  // In Express 4 the property `router` is there to throw.
  if (_router !== undefined || Object.hasOwn(application, '_router')) return _router
  try {
    return (application as { router?: unknown }).router
  } catch {
    return undefined
  }
}

function stackOf(router: unknown): readonly Layer[] {
  const { stack } = Object(router) as { stack?: unknown }
  return Array.isArray(stack)
    ? (stack as unknown[]).filter((layer) => typeof layer === 'object' && layer !== null)
    : []
}
