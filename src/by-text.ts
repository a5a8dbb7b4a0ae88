const MAX_TEXTS = 1000
const MAX_LENGTH = 8192

/** Remembers what was found out about a text: applications have few of them, and ask for the same ones all the time. */
export function rememberedByText<Found>(read: (text: string) => Found): (text: string) => Found {
  const cache = new Map<string, Found>()
  return (text) => {
    const known = cache.get(text)
    if (known !== undefined) return known
    const found = read(text)
    if (text.length <= MAX_LENGTH) {
      // One that pastes values into its texts must not fill the memory.
      if (cache.size >= MAX_TEXTS) cache.clear()
      cache.set(text, found)
    }
    return found
  }
}
