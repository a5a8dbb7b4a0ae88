import { Dice } from './dice'
import type { Kind } from './kind'
import type { Fate } from './ledger'
import type { Errand } from './turn'

/** One request to be made. */
export interface Planned {
  readonly kind: Kind
  readonly tenant: string
  readonly errand: Errand
  readonly fates: readonly { readonly token: string; readonly fate: Fate }[]
}

/** How often the next request is of the same tenant: connections must also come back to the tenant they served. */
const SAME_TENANT = 0.4

/** Makes requests from a seed: the same ones each time. */
export class Schedule {
  readonly #dice: Dice
  readonly #tenants: readonly string[]
  readonly #kinds: readonly Kind[]
  #bag: Kind[] = []
  #tenant: string
  #count = 0

  constructor(seed: number, tenants: readonly string[], kinds: readonly Kind[]) {
    this.#dice = new Dice(seed)
    this.#tenants = tenants
    this.#kinds = kinds
    this.#tenant = tenants[0]!
  }

  take(count: number): Planned[] {
    return Array.from({ length: count }, () => this.#next())
  }

  #next(): Planned {
    const kind = this.#drawKind()
    if (!this.#dice.chance(SAME_TENANT)) this.#tenant = this.#dice.pick(this.#tenants)
    const tenant = this.#tenant
    const other = this.#dice.pick(this.#tenants.filter((one) => one !== tenant))
    const number = this.#count++
    const fates = (kind.tokens ?? []).map((fate, index) => {
      const writer = fate === 'other' ? other : tenant
      return { token: `${writer}/${number}-${index}`, fate: fate === 'other' ? 'kept' : fate }
    })
    const tokens = fates.map(({ token }) => token)
    return { kind, tenant, fates, errand: { other, tokens, luck: this.#dice.below(2 ** 31) } }
  }

  /** From a shuffled bag, so that each kind comes up as often as its weight says. */
  #drawKind(): Kind {
    if (this.#bag.length === 0) {
      const copies = this.#kinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind))
      this.#bag = this.#dice.shuffle(copies)
    }
    return this.#bag.pop()!
  }
}
