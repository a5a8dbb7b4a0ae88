/**
 * Does work for a list, a chunk of it at a time, some chunks at once.
 *
 * @param work - for some of the items and the place of the first of them; a failure is thrown once none is running any more
 */
export async function inChunks<Item>(
  items: readonly Item[],
  { size, concurrency }: { readonly size: number; readonly concurrency: number },
  work: (chunk: readonly Item[], at: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    for (let at = next; at < items.length; at = next) {
      next = at + size
      await work(items.slice(at, next), at)
    }
  }
  const lanes = Array.from({ length: Math.min(concurrency, Math.ceil(items.length / size)) }, lane)
  await Promise.allSettled(lanes)
  await Promise.all(lanes)
}
