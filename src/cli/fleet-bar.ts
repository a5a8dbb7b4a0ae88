import { SingleBar } from 'cli-progress'

/** A bar on standard error: how many tenants are done, how fast, and how long it will take. */
export interface FleetBar {
  start(total: number): void
  done(): void
  retried(): void
  failed(): void
  /** Writes lines above the bar. */
  around(write: () => void): void
  stop(): void
}

const FORMAT = '{bar} {value}/{total} | {rate}/s | ETA {eta_formatted} | {retries} retries, {failures} failed'

/** Makes one; nothing is drawn before it starts. */
export function fleetBar(): FleetBar {
  const bar = new SingleBar({
    format: FORMAT,
    clearOnComplete: true,
    hideCursor: true,
    stopOnComplete: false,
  })
  let isDrawn = false
  let start = 0
  let [value, retries, failures] = [0, 0, 0]
  const draw = (): void => {
    if (!isDrawn) return
    const seconds = Math.max(0.001, (performance.now() - start) / 1000)
    bar.update(value, { rate: (value / seconds).toFixed(value / seconds < 10 ? 1 : 0), retries, failures })
  }
  return {
    start(total) {
      if (total === 0) return
      isDrawn = true
      start = performance.now()
      bar.start(total, 0, { rate: 0, retries, failures })
    },
    done() {
      value += 1
      draw()
    },
    retried() {
      retries += 1
      draw()
    },
    failed() {
      value += 1
      failures += 1
      draw()
    },
    around(write) {
      if (isDrawn) process.stderr.write('\r\x1b[2K')
      write()
      if (isDrawn) bar.render()
    },
    stop() {
      if (isDrawn) bar.stop()
      isDrawn = false
    },
  }
}
