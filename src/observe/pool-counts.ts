/** The connections of a pool at this moment. */
export interface PoolCounts {
  /** Open ones, idle or not, with those that are being opened. */
  readonly open: number
  readonly idle: number
  /** Calls that wait for a connection, or for the turn of their tenant. */
  readonly waiting: number
}
