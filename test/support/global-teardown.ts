import './global-setup'

/** Stops what the global setup started and waits until its data is gone. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.stopTestServers?.()
}
