declare global {
  // @types/express keeps what an application adds to its requests (`req.user`) in this interface; merging with it makes
  // those properties known in `authorize` and `fromRequest`, and costs nothing where Express' types are not installed.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type
    interface Request {}
  }
}

/** What the request half reads of a request, of any framework's. */
export interface PlainRequest {
  /** Route parameters, decoded: `{ tenantId: 'acme' }`. */
  readonly params?: Readonly<Record<string, unknown>> | undefined
  /** Names in lower case. */
  readonly headers: Headers
  /** Every value of a header by itself; Node's `headers` drops or joins repeated ones. */
  readonly headersDistinct?: Headers | undefined
  /** The framework's reading of the host: without a port, and from `X-Forwarded-Host` where it trusts the proxy. */
  readonly hostname?: string | undefined
}

/** The same, with what an application has added to Express' requests. Express' and Node's own requests have this form. */
export interface RequestLike extends Express.Request, PlainRequest {}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>
