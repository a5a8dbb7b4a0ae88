import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { TenantPoolOptions } from '../../src/mysql/pool'
import { MYSQL_SERVERS } from '../support/servers'
import { Houses } from './support/houses'

const COMMANDS: Record<number, string> = {
  2: 'INIT_DB',
  3: 'QUERY',
  22: 'PREPARE',
  23: 'EXECUTE',
  31: 'RESET',
}

/** Between a pool and its server: keeps what the pool sends, one entry for each piece that arrives. */
async function recorder(target: string) {
  const url = new URL(target)
  const [host, port] = [url.hostname, Number(url.port)]
  const sockets = new Set<Socket>()
  const pieces: Buffer[] = []
  const server = createServer((client) => {
    const upstream = connect(port, host)
    client.setNoDelay(true).on('data', (piece: Buffer) => void pieces.push(piece))
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url.href,
    take: () => pieces.splice(0),
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** `[['INIT_DB tenant_a', 'QUERY select 1'], ...]`: the commands of each piece. */
function commandsIn(pieces: readonly Buffer[]): string[][] {
  return pieces.map((piece) => {
    const commands: string[] = []
    for (let at = 0; at < piece.length;) {
      const end = at + 4 + piece.readUIntLE(at, 3)
      const name = COMMANDS[piece[at + 4]!] ?? String(piece[at + 4])
      commands.push(`${name} ${name === 'EXECUTE' ? '' : piece.toString('utf8', at + 5, end)}`.trim())
      at = end
    }
    return commands
  })
}

/** What the second query of a tenant sends, and the second execution. */
async function flushes(houses: Houses, options: Partial<TenantPoolOptions>): Promise<string[][][]> {
  const proxy = await recorder(houses.server.appUrl)
  const pool = houses.pool({ uri: proxy.url, ...options })
  const sent = async (work: () => Promise<unknown>): Promise<string[][]> => {
    await houses.in('a', work)
    await houses.in('a', work)
    proxy.take()
    await houses.in('a', work)
    return commandsIn(proxy.take()).map((piece) => piece.map((text) => text.replaceAll(houses.prefix, 't_')))
  }
  try {
    const text = 'select name from users where id = 1'
    return [await sent(() => pool.query('select 1')), await sent(() => pool.execute(text))]
  } finally {
    await pool.end()
    await proxy.close()
  }
}

describe.each(MYSQL_SERVERS)('what travels with a query, on $name', (server) => {
  const houses = new Houses(server, 'flush')
  const hard = new Houses(server, 'flush with roles', 'role')
  beforeAll(() => Promise.all([houses.build(['a']), hard.build(['a'])]))
  afterAll(() => Promise.all([houses.clear(), hard.clear()]))

  const away = 'INIT_DB information_schema'

  test.each<[string, Partial<TenantPoolOptions>]>([
    ['by default', {}],
    ["with isolation: 'database'", { isolation: 'database' }],
  ])('%s: the switch and the way back, nothing of roles, in one piece', async (_what, options) => {
    expect(await flushes(houses, options)).toEqual([[['INIT_DB t_a', 'QUERY select 1', away]], [['EXECUTE']]])
  })

  test("with isolation: 'role': the role in front and behind, in the same piece", async () => {
    const [front, behind] = [
      ['INIT_DB t_a', 'QUERY set role `t_a`'],
      ['QUERY set role none', away],
    ]
    expect(await flushes(hard, {})).toEqual([
      [[...front, 'QUERY select 1', ...behind]],
      [[...front, 'EXECUTE', ...behind]],
    ])
  })
})
