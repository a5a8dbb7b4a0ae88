import type { DriverConfiguration } from 'slonik'
import { nativeParserOf, parseArray } from './driver-parts'
import type { ParseValue, WireField } from './driver-parts'

/** A type as `pg_type` has it. */
export interface TypeRow {
  readonly oid: number
  /** Of its array type; 0 where it has none. */
  readonly typarray: number
  readonly typname: string
}

/** Reads types by their name, or by their number and that of their array type. */
export type ReadTypes = (
  where: { names: readonly string[] } | { oids: readonly number[] },
) => Promise<readonly TypeRow[]>

type Row = Record<string, unknown>

/** The first number that PostgreSQL gives to a type that somebody made (FirstNormalObjectId). */
const FIRST_OWN_TYPE = 16_384

/** A value of a type that was met for the first time, while the server's answer was being read. */
class UnknownValue {
  readonly oid: number
  readonly text: string

  constructor(oid: number, text: string) {
    this.oid = oid
    this.text = text
  }
}

/**
 * The application's parsers by the number of a type. Slonik's driver asks once which number a name has. A type in a
 * tenant's schema has another number in every tenant, and in tenants that are yet to come, so here numbers are looked up
 * when they are met.
 */
export class TypeParsers {
  readonly #byName: ReadonlyMap<string, ParseValue>
  readonly #read: ReadTypes
  readonly #byOid = new Map<number, ParseValue>()
  /** Whether a name may stand for types of the tenants. */
  #hasOwnTypes = false

  constructor(parsers: DriverConfiguration['typeParsers'], read: ReadTypes) {
    this.#byName = new Map(parsers.map(({ name, parse }) => [name, (text) => parse(text)]))
    this.#read = read
  }

  /** Looks up the types that are there already. */
  async load(): Promise<void> {
    const names = [...this.#byName.keys()]
    const types = names.length === 0 ? [] : await this.#read({ names })
    for (const type of types) this.#add(type)
    const builtIn = new Set(types.filter(({ oid }) => oid < FIRST_OWN_TYPE).map(({ typname }) => typname))
    this.#hasOwnTypes = names.some((name) => !builtIn.has(name))
  }

  /** For pg's option `types`. */
  readonly parserOf = (oid: number, format: 'text' | 'binary' = 'text'): ParseValue => {
    const known = this.#byOid.get(oid)
    if (known !== undefined) return known
    return this.#isUnknown(oid) ? (text) => new UnknownValue(oid, text) : nativeParserOf(oid, format)
  }

  /** Whether a column may be of a type that somebody made, and a parser for it be wanted. */
  mayHaveOwn(fields: readonly WireField[]): boolean {
    return this.#hasOwnTypes && fields.some(({ dataTypeID }) => dataTypeID >= FIRST_OWN_TYPE)
  }

  /** Looks up what was unknown when these rows were read, and parses it in them. */
  async settle(fields: readonly WireField[], rows: readonly Row[]): Promise<void> {
    const columns = fields.filter(({ dataTypeID }) => dataTypeID >= FIRST_OWN_TYPE)
    const oids = columns.map(({ dataTypeID }) => dataTypeID).filter((oid) => this.#isUnknown(oid))
    if (oids.length > 0) await this.#learn(oids)
    for (const row of rows) {
      for (const { name } of columns) {
        const value = row[name]
        if (value instanceof UnknownValue) row[name] = this.#parse(value)
      }
    }
  }

  async #learn(oids: readonly number[]): Promise<void> {
    const types = await this.#read({ oids })
    for (const type of types) this.#add(type)
    // One that is not there was made by a transaction that is still open: to be asked for again.
    const found = new Set(types.flatMap(({ oid, typarray }) => [oid, typarray]))
    for (const oid of oids)
      if (found.has(oid) && this.#isUnknown(oid)) this.#byOid.set(oid, nativeParserOf(oid, 'text'))
  }

  #add({ oid, typarray, typname }: TypeRow): void {
    const parse = this.#byName.get(typname)
    if (parse === undefined) return
    this.#byOid.set(oid, parse)
    // As slonik's driver does, which hands a null in an array to the parser.
    if (typarray !== 0)
      this.#byOid.set(typarray, (text) => parseArray(text).map((item) => parse(item as string)))
  }

  #parse({ oid, text }: UnknownValue): unknown {
    return (this.#byOid.get(oid) ?? nativeParserOf(oid, 'text'))(text)
  }

  #isUnknown(oid: number): boolean {
    return this.#hasOwnTypes && oid >= FIRST_OWN_TYPE && !this.#byOid.has(oid)
  }
}
