import { channel } from 'node:diagnostics_channel'
import type { IsolationError } from '../errors'

/** Where each {@link IsolationError} is told of that a server's answer gave rise to, in the message's `error`. */
export const ISOLATION_CHANNEL = 'rowhouse:isolation'

/** What a subscriber of `ISOLATION_CHANNEL` is given. */
export interface IsolationMessage {
  /** What the query was answered with; its connection is closed. Its `tenant` says whose query it was. */
  readonly error: IsolationError
}

/** How often a server's own word was compared with what was asked for, in all pools of this process. */
export interface IsolationCounts {
  /**
   * PostgreSQL from 18 on: results of tenants for which the server has reported their search_path. MySQL and MariaDB:
   * switches for which it has reported their database. Older servers report nothing.
   */
  readonly verified: number
  /** Connections that were closed for an {@link IsolationError}. */
  readonly mismatches: number
}

const mismatch = channel(ISOLATION_CHANNEL)
const counts = { verified: 0, mismatches: 0 }

/** The counts since the start of the process. */
export function isolationCounts(): IsolationCounts {
  return { ...counts }
}

/** The server has said where a query ran, and that was right. */
export function onVerified(): void {
  counts.verified += 1
}

/** A connection is closed because of this. */
export function onMismatch(error: IsolationError): void {
  counts.mismatches += 1
  mismatch.publish({ error } satisfies IsolationMessage)
}
