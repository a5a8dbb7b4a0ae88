/** A promise that rejects when `work` does not settle in time, so that a hang is a message and not a timeout of Jest. */
export async function settles<Result>(work: Promise<Result>, what: string, waitMs = 5000): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} never settled.`)), waitMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
