import { createServer } from 'node:http'
import type { Server } from 'node:http'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import { httpTenant } from '../../src/adapters/http'
import { BY_HEADER, openShops } from './shop'
import type { ShopOptions } from './shop'

const shops = openShops('ws')
const { tenancy } = shops
const TENANTS = ['acme', 'globex']
let server: Server
let sockets: WebSocketServer
let port: number
const errors: unknown[] = []
beforeAll(shops.create)
afterAll(shops.close)
beforeEach(async () => {
  await shops.clear()
  server = createServer()
  sockets = new WebSocketServer({ noServer: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterEach(async () => {
  errors.length = 0
  for (const socket of sockets.clients) socket.terminate()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect(tenancy.scope()).toBeUndefined()
})

/** The recipe; without `bind` it is the naive one. */
function serveShop(options: Partial<ShopOptions> = {}, bind = true, gone: string[] = []): void {
  const shop = shops.shop()
  const tenant = httpTenant(tenancy, { ...BY_HEADER, ...options, onError: (error) => errors.push(error) })
  server.on(
    'upgrade',
    tenant.upgrade((req, socket, head) => {
      sockets.handleUpgrade(req, socket, head, (ws) => {
        // eslint-disable-next-line @typescript-eslint/unbound-method
        if (bind) ws.emit = tenancy.bind(ws.emit)
        sockets.emit('connection', ws, req)
      })
    }),
  )
  sockets.on('connection', (ws) => {
    ws.on('message', (name: Buffer) => {
      shop.sell(name.toString()).then(
        (names) => ws.send(JSON.stringify(names)),
        (error: { code?: string }) => ws.send(JSON.stringify(error.code)),
      )
    })
    ws.on('close', () => gone.push(shop.currentId() ?? 'none'))
  })
}

async function open(tenant: string): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { 'x-tenant': tenant } })
  await once(client, 'open')
  return client
}

/** Two sockets of each tenant, ten messages of each; every answer, with the tenant it was sent to. */
async function sellEverywhere(): Promise<{ tenant: string; answer: unknown }[]> {
  const answers = [...TENANTS, ...TENANTS].map(async (tenant, s) => {
    const client = await open(tenant)
    const heard: { tenant: string; answer: unknown }[] = []
    client.on('message', (data: Buffer) => heard.push({ tenant, answer: JSON.parse(data.toString()) }))
    for (let n = 0; n < 10; n++) {
      client.send(`${tenant} ${s} ${n}`)
      await sleep(Math.random() * 4)
    }
    for (let n = 0; n < 300 && heard.length < 10; n++) await sleep(10)
    client.close()
    await once(client, 'close')
    return heard
  })
  return (await Promise.all(answers)).flat()
}

test('messages of two tenants, interleaved, read and write their own, and so does what hears the end', async () => {
  const gone: string[] = []
  serveShop({}, true, gone)
  const answers = await sellEverywhere()
  expect(answers).toHaveLength(40)
  for (const { tenant, answer } of answers)
    expect((answer as string[]).filter((name) => !name.startsWith(`${tenant} `))).toEqual([])
  for (const tenant of TENANTS) {
    const stock = await shops.stock(tenant)
    expect([stock.length, stock.filter((name) => !name.startsWith(`${tenant} `))]).toEqual([20, []])
  }
  for (let n = 0; n < 100 && gone.length < 4; n++) await sleep(10)
  expect(gone.sort()).toEqual(['acme', 'acme', 'globex', 'globex'])
})

test('without bind the messages are refused, and nothing is written', async () => {
  const gone: string[] = []
  serveShop({}, false, gone)
  const answers = await sellEverywhere()
  expect(answers.map(({ answer }) => answer)).toEqual(Array(40).fill('ROWHOUSE_TENANT_REQUIRED'))
  for (const tenant of TENANTS) expect(await shops.stock(tenant)).toEqual([])
})

test.each<[string, Partial<ShopOptions>, Record<string, string>, RegExp]>([
  ['an unknown tenant', {}, { 'x-tenant': 'gone' }, /^HTTP\/1.1 404 Not Found\r\nConnection: close\r\n/],
  ['none', {}, {}, /^HTTP\/1.1 400 Bad Request\r\n/],
  [
    'a tenant that is not its own',
    {},
    { 'x-tenant': 'acme', 'x-user': 'nobody' },
    /^HTTP\/1.1 404 Not Found\r\n/,
  ],
  [
    'a suspended one',
    { suspended: 503 },
    { 'x-tenant': 'sus' },
    /^HTTP\/1.1 503 Service Unavailable\r\nRetry-After: 60\r\n/,
  ],
])('an upgrade for %s is answered, and hung up on', async (_whom, options, headers, expected) => {
  serveShop(options)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const socket = net.connect(port, '127.0.0.1')
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${lines.join('')}\r\n`,
  )
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  expect(text).toMatch(expected)
  expect(text).not.toMatch(/ROWHOUSE|acme|x-tenant/)
  expect(errors).toEqual([expect.objectContaining({ code: expect.stringMatching(/^ROWHOUSE_/) })])
})

test('a caller who hangs up while the directory is asked does no harm', async () => {
  let ask!: () => void
  const asked = new Promise<void>((resolve) => (ask = resolve))
  let answer!: (value: boolean) => void
  serveShop({
    authorize: () => {
      ask()
      return new Promise<boolean>((resolve) => (answer = resolve))
    },
  })
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { 'x-tenant': 'acme' } })
  client.on('error', () => undefined)
  await asked
  client.terminate()
  await sleep(20)
  answer(false)
  await sleep(20)
  expect(errors).toHaveLength(1)
})
