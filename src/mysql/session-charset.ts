import type { WireConnection } from './driver'

/**
 * The character set that mysql2 encodes in. It follows the server's reports of `SET NAMES`, and not a reset, after which the
 * server is back at what the connection began with, and then at what its setup has set.
 */
export class SessionCharset {
  readonly #config: WireConnection['config']
  /** As of the handshake. */
  readonly #first: number
  #kept: number | undefined

  /** @param config - of one connection; its `charsetNumber` is what mysql2 goes by */
  constructor(config: WireConnection['config']) {
    this.#config = config
    this.#first = config.charsetNumber
  }

  /** The application's setup is through: what it has set is set again after each reset of ours. Once for all. */
  keep(): void {
    this.#kept ??= this.#config.charsetNumber
  }

  /** The session is cleared, and set up again. */
  restore(): void {
    this.#config.charsetNumber = this.#kept ?? this.#first
  }

  /** The application has cleared the session itself, and its setup with it. */
  forget(): void {
    this.#config.charsetNumber = this.#first
  }
}
