/** Someone who waits for a place. */
interface Waiter {
  readonly enter: () => void
}

/**
 * Lets at most so many of each tenant through at once; more of them wait, each tenant in a line of its own. What a pool
 * queues is so at most `max` for each tenant, and nobody waits behind another tenant's thousand.
 */
export class FairShare {
  #max: number
  readonly #inside = new Map<string, number>()
  readonly #lines = new Map<string, Set<Waiter>>()
  #waiting = 0

  /** @param max - places of each tenant, from 1 */
  constructor(max: number) {
    this.#max = max
  }

  /** How many wait, of all tenants. */
  get waiting(): number {
    return this.#waiting
  }

  /**
   * Calls `enter` when there is a place, at once or when another one is left.
   *
   * @returns gives up the wait; does nothing once it is over
   */
  enter(tenant: string, enter: () => void): () => void {
    const inside = this.#inside.get(tenant) ?? 0
    if (inside < this.#max) {
      this.#inside.set(tenant, inside + 1)
      enter()
      return () => {}
    }
    const line = this.#lines.get(tenant) ?? new Set()
    const waiter: Waiter = { enter }
    this.#lines.set(tenant, line.add(waiter))
    this.#waiting += 1
    return () => this.#remove(tenant, waiter)
  }

  /** A place is free again: the first one in the line of its tenant enters. */
  leave(tenant: string): void {
    const [first] = this.#lines.get(tenant) ?? []
    if (first !== undefined) {
      this.#remove(tenant, first)
      return first.enter()
    }
    const inside = this.#inside.get(tenant)! - 1
    // Nothing is kept of a tenant that has nobody here.
    if (inside === 0) this.#inside.delete(tenant)
    else this.#inside.set(tenant, inside)
  }

  /** From now on everybody enters at once, and first who waits. */
  open(): void {
    this.#max = Infinity
    for (const [tenant, line] of [...this.#lines])
      for (const waiter of [...line]) {
        this.#remove(tenant, waiter)
        this.#inside.set(tenant, this.#inside.get(tenant)! + 1)
        waiter.enter()
      }
  }

  #remove(tenant: string, waiter: Waiter): void {
    const line = this.#lines.get(tenant)
    if (!line?.delete(waiter)) return
    this.#waiting -= 1
    if (line.size === 0) this.#lines.delete(tenant)
  }
}
