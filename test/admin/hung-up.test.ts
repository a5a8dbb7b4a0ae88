import net from 'node:net'
import { AdminTown, ADMIN_SERVERS } from './support/admin-town'

const AUTHORIZE_MS = 100
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

let admin: AdminTown
beforeAll(async () => {
  const authorize = async (): Promise<boolean> => {
    await pause(AUTHORIZE_MS)
    return true
  }
  admin = await new AdminTown(ADMIN_SERVERS[0]!, 'hung up', { admin: { authorize } }).start()
  await admin.tenancy.create('acme')
})
afterAll(() => admin.stop())

/** A caller who is gone before `authorize` has answered. */
async function callAndHangUp(): Promise<void> {
  const socket = net.connect(Number(new URL(admin.origin).port), '127.0.0.1')
  socket.on('error', () => {}).write('GET /admin/run/events HTTP/1.1\r\nHost: x\r\n\r\n')
  await pause(AUTHORIZE_MS / 2)
  socket.destroy()
}

test('whoever hangs up before he is let in leaves no stream of events behind', async () => {
  await admin.submit('/migrate')
  await pause(500)
  const before = timers()
  await Promise.all(Array.from({ length: 10 }, callAndHangUp))
  await pause(AUTHORIZE_MS * 4)
  // Each stream has two.
  expect(timers()).toBeLessThan(before + 10)
})
