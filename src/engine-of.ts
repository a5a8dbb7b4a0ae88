import type { Engine } from './engine'

const engines = new WeakMap<object, Engine>()

/** Notes which engine a tenancy has, for rooms of this package that are no part of the tenancy. */
export function rememberEngine(tenancy: object, engine: Engine): void {
  engines.set(tenancy, engine)
}

/** The engine of a tenancy; undefined for what is none. */
export function engineOf(tenancy: object): Engine | undefined {
  return engines.get(tenancy)
}
