/** An answer that isn't a success. Its message is meant for whoever asked. */
export class HttpError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The answer to what isn't there, and to ids that could be of nothing. */
export function notFound(): HttpError {
  return new HttpError(404, 'Page not found')
}
