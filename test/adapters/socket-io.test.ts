import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Server } from 'socket.io'
import type { Socket } from 'socket.io'
import { io as connect } from 'socket.io-client'
import type { Socket as Client } from 'socket.io-client'
import { socketIoTenant } from '../../src/adapters/socket-io'
import type { HandshakeRequest } from '../../src/adapters/socket-io'
import { ConfigError } from '../../src/errors'
import { fromHeader } from '../../src/request/from-header'
import { fromRequest } from '../../src/request/from-request'
import { openShops } from './shop'
import type { Shop } from './shop'

const shops = openShops('socket.io')
const { tenancy } = shops
let io: Server
let url: string
let clients: Client[] = []
beforeAll(shops.create)
afterAll(shops.close)
beforeEach(async () => {
  await shops.clear()
  const server = createServer()
  io = new Server(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const client of clients) client.disconnect()
  clients = []
  await io.close()
  expect(tenancy.scope()).toBeUndefined()
})

const BY_AUTH = {
  resolve: fromRequest(({ socket }: HandshakeRequest<Socket>) => socket.handshake.auth['tenant'] as string, {
    trust: 'spoofable',
  }),
  authorize: ({ socket }: HandshakeRequest<Socket>) => socket.handshake.auth['user'] !== 'nobody',
} as const

/** A client of a tenant's; resolves when it is connected, or to why it is not. */
async function open(auth: object): Promise<Client & { refusal?: Error & { data?: unknown } }> {
  const client = connect(url, { auth, forceNew: true, reconnection: false })
  clients.push(client)
  const refusal = await new Promise<Error | undefined>((resolve) => {
    client.on('connect', () => resolve(undefined)).on('connect_error', resolve)
  })
  return Object.assign(client, refusal && { refusal })
}

/** Events that read and write, answered by acknowledgements. */
function serveShop(shop: Shop, seen: string[] = []): void {
  io.on('connection', (socket) => {
    seen.push(`connection of ${socket.handshake.auth['tenant']} in ${shop.currentId() ?? 'none'}`)
    socket.on('sell', (name: string, answer: (result: unknown) => void) => {
      shop.sell(name).then(answer, (error: { code?: string }) => answer(error.code))
    })
    socket.on('disconnect', () => seen.push(`gone in ${shop.currentId() ?? 'none'}`))
    socket.on(
      'disconnect',
      tenancy.bind(() => seen.push(`bound gone in ${shop.currentId() ?? 'none'}`)),
    )
  })
}

const TENANTS = ['acme', 'globex']

/** Two sockets of each tenant, ten events of each at once; what each was answered. */
async function sellEverywhere(): Promise<{ tenant: string; answer: unknown }[]> {
  const sockets = await Promise.all(
    [...TENANTS, ...TENANTS].map(async (tenant) => ({ tenant, client: await open({ tenant }) })),
  )
  return Promise.all(
    sockets.flatMap(({ tenant, client }, s) =>
      Array.from({ length: 10 }, async (_, n) => {
        await sleep(Math.random() * 10)
        return { tenant, answer: (await client.emitWithAck('sell', `${tenant} ${s} ${n}`)) as unknown }
      }),
    ),
  )
}

test('events of two tenants, interleaved, read and write their own', async () => {
  const seen: string[] = []
  io.use(socketIoTenant(tenancy, BY_AUTH))
  serveShop(shops.shop(), seen)
  for (const { tenant, answer } of await sellEverywhere()) {
    expect(answer).toEqual(expect.arrayContaining([expect.stringMatching(`^${tenant} `)]))
    expect((answer as string[]).filter((name) => !name.startsWith(`${tenant} `))).toEqual([])
  }
  for (const tenant of TENANTS) {
    const stock = await shops.stock(tenant)
    expect([stock.length, stock.filter((name) => !name.startsWith(`${tenant} `))]).toEqual([20, []])
  }
  expect([...seen].sort()).toEqual(
    [...TENANTS, ...TENANTS].map((tenant) => `connection of ${tenant} in ${tenant}`).sort(),
  )
})

test('the naive middleware covers the connection handler alone: events are refused, and nothing is written', async () => {
  const seen: string[] = []
  io.use((socket, next) => tenancy.run(String(socket.handshake.auth['tenant']), () => next()))
  serveShop(shops.shop(), seen)
  const answers = await sellEverywhere()
  expect(answers.map(({ answer }) => answer)).toEqual(answers.map(() => 'ROWHOUSE_TENANT_REQUIRED'))
  expect(seen.filter((text) => text.startsWith('connection of acme in acme'))).toHaveLength(2)
  for (const tenant of TENANTS) expect(await shops.stock(tenant)).toEqual([])
})

test('a handler of disconnect has no tenant, unless it is bound', async () => {
  const seen: string[] = []
  io.use(socketIoTenant(tenancy, BY_AUTH))
  serveShop(shops.shop(), seen)
  const client = await open({ tenant: 'acme' })
  client.disconnect()
  for (let n = 0; n < 100 && seen.length < 3; n++) await sleep(10)
  expect(seen.slice(1)).toEqual(['gone in none', 'bound gone in acme'])
})

test('who is not let in gets the words of the status, and no more', async () => {
  io.use(socketIoTenant(tenancy, { ...BY_AUTH, suspended: 503, retryAfterSeconds: 9 }))
  serveShop(shops.shop())
  const told = async (auth: object) => {
    const { refusal } = await open(auth)
    return [refusal?.message, refusal?.data]
  }
  const unknown = await told({ tenant: 'gone' })
  expect(unknown).toEqual(['Not Found', { status: 404 }])
  for (const tenant of ['public', `a'b`, 'x'.repeat(5000), '__proto__', { $ne: 1 }, ['acme', 'globex']])
    expect(await told({ tenant })).toEqual(unknown)
  expect(await told({ tenant: 'acme', user: 'nobody' })).toEqual(unknown)
  expect(await told({})).toEqual(['Bad Request', { status: 400 }])
  expect(await told({ tenant: 'sus' })).toEqual([
    'Service Unavailable',
    { status: 503, retryAfterSeconds: 9 },
  ])
})

test("an error of the application's own functions is told to nobody", async () => {
  const authorize = () => Promise.reject(new Error('the password of the store is 1234'))
  io.use(socketIoTenant(tenancy, { ...BY_AUTH, authorize }))
  expect((await open({ tenant: 'acme' })).refusal?.message).toBe('Internal Server Error')
})

test('the record is in socket.data, and headers of the handshake can be read', async () => {
  io.use(socketIoTenant(tenancy, { resolve: fromHeader('x-tenant'), trustResolution: true }))
  const records: unknown[] = []
  io.on('connection', (socket) => records.push(socket.data.tenant))
  const client = connect(url, { extraHeaders: { 'x-tenant': 'acme' }, forceNew: true })
  clients.push(client)
  await new Promise<void>((resolve) => void client.on('connect', () => resolve()))
  expect(records).toEqual([{ id: 'acme', schema: tenancy.schemaName('acme') }])
})

test('a name that anyone can type, and nothing that authorises it, is an error before any socket', () => {
  expect(() => socketIoTenant(tenancy, { resolve: BY_AUTH.resolve })).toThrow(ConfigError)
})
