import { shapeOf } from './migration-shape'

/**
 * Which tables a tenant has, within one run, which holds its lock: to ask the server in front of each CREATE TABLE took a third
 * of what it takes to note the statement. Not known after a statement that could take or rename one.
 */
export class KnownTables {
  readonly #foldsNames: boolean
  #names: Set<string> | undefined

  /** @param foldsNames - the server does not tell `Acme` and `acme` apart */
  constructor(foldsNames: boolean) {
    this.#foldsNames = foldsNames
  }

  /** These are all there are. */
  learn(names: readonly string[]): void {
    this.#names = new Set(names.map((name) => this.#fold(name)))
  }

  /** Whether there is such a table or view; undefined where that must be asked. */
  has(name: string): boolean | undefined {
    return this.#names?.has(this.#fold(name))
  }

  /** A statement is about to be sent. @param table - what it is about; undefined: nothing, or that is not known */
  sends(sql: string, table: string | undefined): void {
    const { verb, object, words } = shapeOf(sql)
    if (object === 'index' || (verb === 'create' && words.includes('temporary'))) return
    const isAbout = object === 'table' && table !== undefined
    if (isAbout && verb === 'create') this.#names?.add(this.#fold(table))
    else if (!isAbout || verb !== 'alter' || words.includes('rename')) this.#names = undefined
  }

  #fold(name: string): string {
    return this.#foldsNames ? name.toLowerCase() : name
  }
}
