/** A step of an Express router: a middleware, a handler, or what leads to a nested router or route. */
export interface Layer {
  readonly name?: unknown
  readonly handle?: unknown
  readonly route?: unknown
}

/** Is told of each layer that a request enters, and calls `enter`. */
export type LayerObserver = (layer: Layer, request: object, enter: () => unknown) => unknown

type Call = (this: unknown, ...args: unknown[]) => unknown

/** A function of Express' that is watched, where it is. */
interface Place {
  readonly holder: Record<string, unknown>
  readonly key: string
  /** What a call enters, and for which request; undefined where Express passes over it. */
  readonly read: (self: unknown, args: readonly unknown[]) => Entered | undefined
}

interface Entered {
  readonly layer: Layer
  readonly request: object
}

/** Express 5 and the package `router`; Express 4. Each for requests, and for errors, which come before the request. */
const METHODS: Readonly<Record<string, { readonly takesError: boolean }>> = {
  handleRequest: { takesError: false },
  handle_request: { takesError: false },
  handleError: { takesError: true },
  handle_error: { takesError: true },
}

const MAX_TEXT = 60

interface Watched {
  readonly original: unknown
  readonly observers: Set<LayerObserver>
}

/** By what holds them, and their keys there: several leak tests may watch one Express. */
const watched = new WeakMap<object, Map<string, Watched>>()

/**
 * Watches the layers of an Express 4 or 5 application, those of applications and routers below it as well, and the callbacks
 * of `param()` in routers. Express itself is not loaded: it is recognised by its form, and anything else is left alone.
 *
 * @returns ends the watching
 */
export function watchLayers(application: unknown, observer: LayerObserver): () => void {
  const places = placesIn(application)
  for (const place of places) watch(place).observers.add(observer)
  return () => {
    for (const place of places) unwatch(place, observer)
  }
}

/** `"fileUpload"`, or for one without a name the beginning of its text. */
export function describeLayer({ name, handle }: Layer): string {
  if (typeof name === 'string' && !['', 'anonymous', '<anonymous>'].includes(name)) return `"${name}"`
  const text = String(handle).replace(/\s+/g, ' ')
  return `\`${text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text}\``
}

function watch({ holder, key, read }: Place): Watched {
  const places = watched.get(holder) ?? new Map<string, Watched>()
  watched.set(holder, places)
  const known = places.get(key)
  if (known !== undefined) return known
  const original = holder[key] as Call
  const observers = new Set<LayerObserver>()
  holder[key] = function (this: unknown, ...args: unknown[]): unknown {
    const enter = (): unknown => original.apply(this, args)
    const entered = read(this, args)
    if (entered === undefined) return enter()
    const { layer, request } = entered
    return [...observers].reduce<() => unknown>(
      (inner, observer) => () => observer(layer, request, inner),
      enter,
    )()
  }
  const entry = { original, observers }
  places.set(key, entry)
  return entry
}

function unwatch({ holder, key }: Place, observer: LayerObserver): void {
  const places = watched.get(holder)
  const entry = places?.get(key)
  if (entry === undefined) return
  entry.observers.delete(observer)
  if (entry.observers.size > 0) return
  holder[key] = entry.original
  places!.delete(key)
}

function placesIn(application: unknown): Place[] {
  const routers = routersIn(application)
  // A router below may be of another version of Express.
  const prototypes = new Set(
    [...routers].flatMap((router) =>
      stackOf(router).map((layer) => Object.getPrototypeOf(layer) as Place['holder']),
    ),
  )
  return [...[...prototypes].flatMap(methodsOf), ...[...routers].flatMap(paramsOf)]
}

function methodsOf(prototype: Place['holder']): Place[] {
  return Object.entries(METHODS)
    .filter(([key]) => typeof prototype[key] === 'function')
    .map(([key, { takesError }]) => ({
      ...{ holder: prototype, key },
      read(self, args) {
        const layer = self as Layer
        // Express passes over a handler of errors that gets a request, and over any other one that gets an error.
        if (typeof layer.handle !== 'function' || layer.handle.length > 3 !== takesError) return undefined
        return { layer, request: args[takesError ? 1 : 0] as object }
      },
    }))
}

function paramsOf(router: unknown): Place[] {
  const { params } = Object(router) as { params?: unknown }
  return Object.entries(Object(params) as object).flatMap(([name, callbacks]) =>
    Array.isArray(callbacks)
      ? callbacks.map((handle: unknown, index) => ({
          ...{ holder: callbacks as unknown as Place['holder'], key: String(index) },
          read: (_self, [request]) => ({
            layer: { name: `param ${name}`, handle },
            request: request as object,
          }),
        }))
      : [],
  )
}

/** The routers of an application, and those below them; routes, which have layers as well, are among them. */
function routersIn(application: unknown): Set<unknown> {
  const seen = new Set<unknown>()
  const visit = (router: unknown): void => {
    if (router === undefined || seen.has(router)) return
    seen.add(router)
    for (const layer of stackOf(router)) {
      visit(layer.route)
      visit(layer.handle)
    }
  }
  visit(routerOf(application))
  visit(application)
  return seen
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
