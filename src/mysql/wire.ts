import type { Packet } from './driver'

/** Where connections are between tenants: every user may enter it, nobody may write there, and it has no tenant's table. */
export const PARKING = 'information_schema'

const COM_INIT_DB = 0x02
const COM_QUERY = 0x03
const COM_RESET_CONNECTION = 0x1f
const STATE_CHANGED = 0x4000
const TRACKS_SCHEMA = 1
/** Header, two counts, status and warnings. */
const SHORTEST_OK = 7

/** Bit of the server's status: a transaction is open. */
export const IN_TRANSACTION = 0x1
/** Every statement commits by itself. */
export const AUTOCOMMIT = 0x2
/** Another result follows. */
export const MORE_RESULTS = 0x8

/** The command that clears a session: variables, temporary tables, locks, prepared statements. Keeps the database (measured, MariaDB 10.11). */
export const RESET_PACKET = commandPacket(COM_RESET_CONNECTION, Buffer.alloc(0))

/** The command that makes a database the current one. */
export function enterPacket(database: string): Buffer {
  return commandPacket(COM_INIT_DB, Buffer.from(database))
}

/** Counts of query attributes, none, and of their sets, which is always one. */
const NO_ATTRIBUTES = Buffer.from([0, 1])

/** A query. @param hasAttributes - client and server have agreed on CLIENT_QUERY_ATTRIBUTES, as with MySQL from 8.0.23 on */
export function queryPacket(sql: string, hasAttributes: boolean): Buffer {
  const text = Buffer.from(sql)
  return commandPacket(COM_QUERY, hasAttributes ? Buffer.concat([NO_ATTRIBUTES, text]) : text)
}

function commandPacket(command: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUIntLE(body.length + 1, 0, 3)
  head[4] = command
  return Buffer.concat([head, body])
}

/** What the end of an answer says. */
export interface EndState {
  /** Bits of the server's status. */
  readonly status: number
  /** How many warnings the server keeps, for whoever asks next. */
  readonly warnings: number
}

/** What an OK packet says of the session. */
export interface SessionState {
  /** Bits of the server's status. */
  readonly status: number
  /** The current database, where the server reports that it was set. */
  readonly schema: string | undefined
}

/** Reads an OK packet as far as it is about the session ("OK_Packet" in MySQL's description of the protocol). */
export function readOk({ buffer, offset, end }: Packet): SessionState {
  const reader = new Reader(buffer, offset + 1)
  reader.number()
  reader.number()
  const status = reader.uint16()
  reader.uint16()
  if ((status & STATE_CHANGED) === 0) return { status, schema: undefined }
  reader.skip(reader.number())
  const changesEnd = Math.min(reader.number() + reader.at, end)
  let schema: string | undefined
  while (reader.at < changesEnd) {
    const type = reader.number()
    const changeEnd = reader.number() + reader.at
    if (type === TRACKS_SCHEMA) schema = reader.text(reader.number())
    reader.at = changeEnd
  }
  return { status, schema }
}

/** Whether a packet is an OK, and no row that happens to stand where one was due. */
export function isOk({ buffer, offset, end }: Packet): boolean {
  return buffer[offset] === 0 && end - offset >= SHORTEST_OK
}

/** What an EOF packet says, which ends columns and rows; undefined for any other packet. */
export function readEof({ buffer, offset, end }: Packet): EndState | undefined {
  if (buffer[offset] !== 0xfe || end - offset !== 5) return undefined
  return { warnings: buffer.readUInt16LE(offset + 1), status: buffer.readUInt16LE(offset + 3) }
}

/** Reads what is in a packet where it lies: each query has two such packets, and each slice would be an object. */
class Reader {
  at: number
  readonly #buffer: Buffer

  constructor(buffer: Buffer, at: number) {
    this.#buffer = buffer
    this.at = at
  }

  /** A number of the protocol's own length. */
  number(): number {
    const first = this.#buffer[this.at++] ?? 0
    const length = first === 0xfc ? 2 : first === 0xfd ? 3 : first === 0xfe ? 8 : 0
    if (length === 0) return first
    const { at } = this
    this.at += length
    return length === 8 ? Number(this.#buffer.readBigUInt64LE(at)) : this.#buffer.readUIntLE(at, length)
  }

  uint16(): number {
    this.at += 2
    return this.#buffer.readUInt16LE(this.at - 2)
  }

  text(length: number): string {
    this.at += length
    return this.#buffer.toString('utf8', this.at - length, this.at)
  }

  skip(length: number): void {
    this.at += length
  }
}
