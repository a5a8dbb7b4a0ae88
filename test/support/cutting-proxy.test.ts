import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { CuttingProxy } from './cutting-proxy'
import type { Cut } from './cutting-proxy'

/** A server that sends back what it gets, and keeps it. */
let server: Server
let received: Buffer
let proxy: CuttingProxy
let client: Socket

beforeEach(async () => {
  received = Buffer.alloc(0)
  server = createServer((socket) => {
    socket
      .on('error', () => {})
      .on('data', (data) => {
        received = Buffer.concat([received, data])
        socket.write(data)
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await CuttingProxy.to(`echo://user@127.0.0.1:${(server.address() as AddressInfo).port}/`)
  client = connect(Number(new URL(proxy.url).port), '127.0.0.1').on('error', () => {})
  await once(client, 'connect')
})
afterEach(async () => {
  client.destroy()
  await proxy.close()
  await new Promise((resolve) => server.close(resolve))
})

async function echo(text: string): Promise<string> {
  client.write(text)
  const [data] = (await once(client, 'data')) as [Buffer]
  return data.toString()
}

/** What the client still gets after a cut, until its socket is gone. */
async function untilCut(cut: Cut, texts: readonly string[]): Promise<string> {
  proxy.cut(proxy.ports[0]!, cut)
  let got = ''
  client.on('data', (data) => (got += data.toString()))
  for (const text of texts) client.write(text)
  await once(client, 'close')
  return got
}

test('hands everything on, both ways, until a connection is cut', async () => {
  expect(await echo('one')).toBe('one')
  expect(await echo('two')).toBe('two')
  expect(received.toString()).toBe('onetwo')
  expect(proxy.open).toBe(1)
})

test.each([0, 1, 4, 7])(
  'the server gets %i bytes of what is sent from then on, and no more',
  async (after) => {
    await echo('before')
    await untilCut({ direction: 'up', after }, ['01234567', '89'])
    while (proxy.open > 0) await new Promise(setImmediate)
    expect(received.toString()).toBe('before' + '0123456'.slice(0, after))
  },
)

test.each([0, 3, 6])('the client gets %i bytes of the answer, and no more', async (after) => {
  await echo('before')
  expect(await untilCut({ direction: 'down', after }, ['0123456'])).toBe('0123456'.slice(0, after))
})

test('only the connection of that port is cut', async () => {
  await echo('first')
  const [first] = proxy.ports
  const other = connect(Number(new URL(proxy.url).port), '127.0.0.1').on('error', () => {})
  other.write('other')
  await once(other, 'data')
  proxy.cut(first!, { direction: 'up', after: 0 })
  client.write('x')
  await once(client, 'close')
  other.write('still there')
  expect(String((await once(other, 'data'))[0])).toBe('still there')
  other.destroy()
})

test('a client that ends in an orderly way ends the connection to the server', async () => {
  await echo('one')
  client.end()
  await once(client, 'close')
  while (proxy.open > 0) await new Promise(setImmediate)
})
