/** What the client is to do with a message of the server. */
export type Reaction =
  /** Hand it to pg. */
  | { readonly type: 'pass' }
  /** Keep it from pg. */
  | { readonly type: 'swallow' }
  /** Tell the running query that it failed. */
  | { readonly type: 'fail'; readonly error: unknown }
  /** Tell the running query, and close the connection. */
  | { readonly type: 'abandon'; readonly error: unknown }

/** Not ours. */
export const PASS: Reaction = { type: 'pass' }
/** Ours, and of no interest to anybody else. */
export const SWALLOW: Reaction = { type: 'swallow' }
