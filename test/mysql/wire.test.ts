import type { Packet } from '../../src/mysql/driver'
import { kindOf, missingMembers } from '../../src/mysql/driver'
import { enterPacket, isOk, readEof, readOk, RESET_PACKET } from '../../src/mysql/wire'

const packet = (...bytes: (number | string)[]): Packet => {
  const head = Buffer.alloc(4)
  const body = Buffer.concat(
    bytes.map((byte) => (typeof byte === 'string' ? Buffer.from(byte) : Buffer.from([byte]))),
  )
  const buffer = Buffer.concat([head, body])
  return { buffer, offset: 4, end: buffer.length, isError: () => false, asError: () => new Error() }
}

test('a switch is COM_INIT_DB with the name, a reset is COM_RESET_CONNECTION', () => {
  expect(enterPacket('ab')).toEqual(Buffer.from([3, 0, 0, 0, 2, 97, 98]))
  expect(enterPacket('ü')).toEqual(Buffer.from([3, 0, 0, 0, 2, 0xc3, 0xbc]))
  expect(RESET_PACKET).toEqual(Buffer.from([1, 0, 0, 0, 0x1f]))
})

test('an OK packet tells the status, and the database where it changed', () => {
  expect(readOk(packet(0, 0, 0, 2, 0, 0, 0))).toEqual({ status: 2, schema: undefined })
  // Status 0x4002, no message, session state of 5 bytes: type 1 of 3 bytes, a text of 2.
  expect(readOk(packet(0, 0, 0, 2, 0x40, 0, 0, 0, 5, 1, 3, 2, 'ab'))).toEqual({
    status: 0x4002,
    schema: 'ab',
  })
  // Another change in front: a system variable.
  expect(readOk(packet(0, 0, 0, 2, 0x40, 0, 0, 0, 11, 0, 4, 1, 'a', 1, 'b', 1, 3, 2, 'cd'))).toEqual({
    status: 0x4002,
    schema: 'cd',
  })
  // A long name: its length takes three bytes.
  const name = 'x'.repeat(300)
  const long = [0xfc, 0x2c, 0x01]
  expect(
    readOk(packet(0, 0, 0, 2, 0x40, 0, 0, 0, 0xfc, 0x33, 0x01, 1, 0xfc, 0x2f, 0x01, ...long, name)).schema,
  ).toBe(name)
})

test('an OK packet is told from a row', () => {
  expect(isOk(packet(0, 0, 0, 2, 0, 0, 0))).toBe(true)
  expect(isOk(packet(0xff, 0, 0, 2, 0, 0, 0))).toBe(false)
  expect(isOk(packet(0, 1, 'a'))).toBe(false)
})

test('an EOF packet tells the status; a row that begins like one does not', () => {
  expect(readEof(packet(0xfe, 2, 1, 3, 0))).toEqual({ warnings: 258, status: 3 })
  expect(readEof(packet(0xfe, 0, 0, 0, 0, 0, 0, 0, 1, 'x'))).toBeUndefined()
  expect(readEof(packet(1, 'a', 0, 3, 0))).toBeUndefined()
})

test('the installed mysql2 has all that is needed, and what is missing is named', () => {
  expect(missingMembers()).toEqual([])
  expect(missingMembers({ Connection: class {}, Pool: class {} })).toEqual(
    expect.arrayContaining(['Connection.addCommand', 'Pool.getConnection', 'Query.start']),
  )
})

test('commands are told apart by what they have', () => {
  const like = (members: object): string => kindOf(Object.assign(Object.create({}), members) as never)
  expect(like({ parameterDefinitions: [] })).toBe('prepare')
  expect(like({ statement: undefined, parameters: [] })).toBe('execute')
  expect(like({ _queryOptions: {} })).toBe('query')
  expect(like({ currentConfig: {} })).toBe('changeUser')
  expect(like({})).toBe('other')
})
