import { Duplex } from 'node:stream'
import { OneWrite } from '../src/one-write'
import type { WireConnection } from '../src/postgres/driver'
import { SERVERS } from './support/servers'
import { Houses } from './postgres/support/houses'

/** A connection of pg as far as messages are concerned, which notes what reaches the socket in one piece. */
function wire(): { connection: WireConnection; pieces: string[] } {
  const pieces: string[] = []
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      pieces.push(chunk.toString())
      done()
    },
    writev(chunks, done) {
      pieces.push(...chunks.map(({ chunk }) => (chunk as Buffer).toString()))
      done()
    },
  })
  const connection = {
    stream,
    _send: (message: Buffer) => stream.write(message),
  } as unknown as WireConnection
  return { connection, pieces }
}

const send = (connection: WireConnection, ...messages: string[]): void => {
  for (const message of messages) connection._send(Buffer.from(message))
}

describe('the messages of one query', () => {
  test('reach the socket as one piece, in their order', () => {
    const { connection, pieces } = wire()
    new OneWrite(connection, '_send').run(() => send(connection, 'SET', 'parse', 'sync'))
    expect(pieces).toEqual(['SETparsesync'])
  })

  test('what is sent outside goes at once, before and after', () => {
    const { connection, pieces } = wire()
    const oneWrite = new OneWrite(connection, '_send')
    send(connection, 'startup')
    oneWrite.run(() => send(connection, 'a', 'b'))
    send(connection, 'terminate')
    expect(pieces).toEqual(['startup', 'ab', 'terminate'])
  })

  test('nothing sent is nothing written, and the result comes back', () => {
    const { connection, pieces } = wire()
    expect(new OneWrite(connection, '_send').run(() => 'answer')).toBe('answer')
    expect(pieces).toEqual([])
  })

  test('large ones are not copied', () => {
    const { connection, pieces } = wire()
    const large = 'x'.repeat(20_000)
    new OneWrite(connection, '_send').run(() => send(connection, 'bind', large, 'sync'))
    expect(pieces).toEqual(['bind', large, 'sync'])
  })

  test('an exception does not keep what was sent before it, nor what comes later', () => {
    const { connection, pieces } = wire()
    const oneWrite = new OneWrite(connection, '_send')
    const failing = (): void =>
      oneWrite.run(() => {
        send(connection, 'parse')
        throw new Error('unfit')
      })
    expect(failing).toThrow('unfit')
    send(connection, 'sync')
    expect(pieces).toEqual(['parse', 'sync'])
  })
})

describe.each(SERVERS)('a parameter larger than one piece, on $name', (server) => {
  const houses = new Houses(server, `one write ${server.version}`)
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  test.each([100, 16_300, 16_384, 20_000, 5_000_000])(
    '%d bytes arrive whole, in the right tenant',
    async (size) => {
      const pool = houses.pool()
      const value = 'x'.repeat(size)
      for (const id of ['a', 'b']) {
        const { rows } = await houses.in(id, () =>
          pool.query('select name, length($1::text) as size from users where id = 1', [value]),
        )
        expect(rows).toEqual([{ name: `${id}-1`, size }])
      }
    },
  )
})
