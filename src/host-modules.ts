import { runInThisContext } from 'node:vm'

/**
 * Loads a package with the process's own module system, also where this code runs inside another one. Jest gives each
 * test file a context, a `require` and an `import()` of its own; its `require` knows no ES modules, and its `import()`
 * only works behind a flag. In an ordinary process `plainly` is called, which bundlers can follow.
 *
 * @param name - `node-pg-migrate`, as seen from this package
 * @param plainly - `() => import('node-pg-migrate')`
 */
export async function importHostModule<T>(name: string, plainly: () => Promise<T>): Promise<T> {
  const host = hostProcess()
  if (host === undefined) return plainly()
  return host.getBuiltinModule('node:module').createRequire(__filename)(name) as T
}

/** The `process` outside of the context that this code runs in; undefined where it runs in the process's own. */
function hostProcess(): NodeJS.Process | undefined {
  // What a sandbox puts in front of `require('node:module')` and `process.getBuiltinModule` is not there.
  const { globalThis: host, process } = runInThisContext('({ globalThis, process })') as Host
  return host === globalThis ? undefined : process
}

interface Host {
  readonly globalThis: unknown
  readonly process: NodeJS.Process
}
