import { PassThrough } from 'node:stream'
import type { WireConnection } from './driver'

/**
 * What a released loan shows of its connection, which may serve another tenant now: all that is known of it, and for what can
 * be acted upon an empty stand-in. mysql2's promises reach past the methods of a connection (`pause()` into its socket,
 * `resume()` into its packets, `unprepare()` into its statements), and set members of it.
 */
export function huskOf(connection: WireConnection): object {
  const stream = new PassThrough().destroy()
  stream.on('error', () => {})
  return Object.create(connection, {
    stream: { value: stream, writable: true },
    _statements: { value: new Map(), writable: true },
    _commands: { value: [], writable: true },
    _command: { value: null, writable: true },
    _paused_packets: { value: [], writable: true },
  }) as object
}
