import { createServer, type AddressInfo } from 'node:net'

/** A port of this machine that nobody listens on. */
export function findFreePort(host: string): Promise<number> {
  return new Promise((done, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, host, () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => done(port))
    })
  })
}
