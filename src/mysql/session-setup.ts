import { createQuery } from './driver'
import type { Command, WireConnection } from './driver'
import { scanSql } from './sql-scanner'

/**
 * What the application's `connection` listener did to a session (`SET time_zone = ...`): it belongs to the connection and
 * not to a tenant, so it is done again after a reset has wiped it away.
 */
export class SessionSetup {
  readonly #connection: WireConnection
  readonly #texts: string[] = []

  constructor(connection: WireConnection) {
    this.#connection = connection
  }

  /**
   * A command of a listener goes out. Only single SETs are kept: of others the shape of the answer is not known.
   *
   * @returns whether it is one
   */
  onCommand({ sql }: Command): boolean {
    const isKept = sql !== undefined && isSet(sql)
    if (isKept) this.#texts.push(sql)
    return isKept
  }

  /** The packets that do all of it once more, each answered by one OK. */
  packets(): Buffer[] {
    return this.#texts.map((text) => packetOf(this.#connection, text))
  }
}

function isSet(sql: string): boolean {
  const tokens = [...scanSql(sql)]
  const end = tokens.findIndex(({ text }) => text === ';')
  // SET STATEMENT ... FOR is whatever stands behind it.
  return (
    tokens[0]?.text === 'set' && tokens[1]?.text !== 'statement' && (end === -1 || end === tokens.length - 1)
  )
}

/** Lets mysql2 write a query, and catches it: the form depends on what client and server agreed on. */
function packetOf(connection: WireConnection, text: string): Buffer {
  const chunks: Buffer[] = []
  const recorder = Object.create(connection) as WireConnection
  recorder.sequenceId = 0
  recorder.write = (chunk) => void chunks.push(chunk)
  const query = createQuery(text)
  query.start(undefined, recorder)
  return Buffer.concat(chunks)
}
