import type { AdminRequest } from './request'

/** The fields of a form; of several of one name the first. */
export type Form = ReadonlyMap<string, string>

/** More than the longest form has. */
const MAX_BYTES = 16_384

/** A body that is not read. */
export interface UnreadForm {
  readonly status: 400 | 413 | 415
  readonly reason: string
}

/**
 * Reads a form, whether or not a body parser of the application has been there.
 *
 * @returns why it is not read, where it is none or too large
 */
export async function readForm(req: AdminRequest): Promise<Form | UnreadForm> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded')
    return { status: 415, reason: 'The request is not a form of this page.' }
  if (req.readableEnded) return fromBody(req.body)
  const bytes = await readBytes(req)
  if (bytes === undefined) return { status: 413, reason: `The form has more than ${MAX_BYTES} bytes.` }
  return parse(bytes.toString('utf8'))
}

/** Whether a form was not read. */
export function isUnread(form: Form | UnreadForm): form is UnreadForm {
  return !(form instanceof Map)
}

/** What a parser has left: fields, or the text. A field that is no text (`a[b]=1`) is none of ours. */
function fromBody(body: unknown): Form | UnreadForm {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return parse(String(body))
  if (typeof body !== 'object' || body === null)
    return { status: 400, reason: 'The body was read before, and nothing was left of it.' }
  const fields = Object.entries(body).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return new Map(fields)
}

function parse(text: string): Form {
  const form = new Map<string, string>()
  for (const [key, value] of new URLSearchParams(text)) if (!form.has(key)) form.set(key, value)
  return form
}

/** Undefined where there are too many; the rest is read and thrown away, so that the answer arrives. */
function readBytes(req: AdminRequest): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    req.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= MAX_BYTES) chunks.push(chunk)
      else resolve(undefined)
    })
    req.on('end', () => resolve(Buffer.concat(chunks)))
    req.on('error', reject)
    req.on('close', () => reject(new Error('The caller hung up.')))
  })
}
