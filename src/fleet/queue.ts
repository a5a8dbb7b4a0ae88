/** What is to be done, in order, and what is to be tried again at a later moment. */
export class Queue<Item> {
  readonly #items: readonly Item[]
  #next = 0
  #later: { readonly item: Item; readonly at: number }[] = []

  constructor(items: readonly Item[]) {
    this.#items = items
  }

  /** What can be done now: first what has waited long enough. */
  take(now: number): Item | undefined {
    const due = this.#later.findIndex(({ at }) => at <= now)
    if (due !== -1) return this.#later.splice(due, 1)[0]!.item
    return this.#next < this.#items.length ? this.#items[this.#next++] : undefined
  }

  /** Puts something back until a moment, in milliseconds. */
  putBack(item: Item, at: number): void {
    this.#later.push({ item, at })
    this.#later.sort((one, other) => one.at - other.at)
  }

  /** When something that was put back is due; undefined where nothing is. */
  get nextAt(): number | undefined {
    return this.#later[0]?.at
  }

  get isEmpty(): boolean {
    return this.#next >= this.#items.length && this.#later.length === 0
  }

  /** What was not done, in order. */
  get rest(): readonly Item[] {
    return [...this.#later.map(({ item }) => item), ...this.#items.slice(this.#next)]
  }
}
