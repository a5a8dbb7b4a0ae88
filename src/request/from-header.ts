import { ConfigError, TenantUnresolvedError } from '../errors'
import type { PlainRequest } from './request-like'
import type { Resolver } from './resolver'

/**
 * Takes a header as the tenant: `fromHeader('x-tenant-id')`. Spoofable, unless a gateway in front sets it and drops what
 * the client sent; then say `trustResolution: true`. A header that is sent twice, or holds a list, is refused with 400:
 * gateway and application could each believe another of its values.
 *
 * @param header - in any case
 * @throws {@link ConfigError} if it can't be a header's name
 */
export function fromHeader(header: string): Resolver {
  const key = header.toLowerCase()
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(key)) {
    throw new ConfigError([
      `fromHeader(${JSON.stringify(header)}) needs the name of a header: 'x-tenant-id'.`,
    ])
  }
  const name = `header "${key}"`
  return { trust: 'spoofable', name, resolve: (req) => readHeader(req, key, name) }
}

/** The one value of a header. @throws {@link TenantUnresolvedError} where there are several */
export function readHeader(
  { headers, headersDistinct }: PlainRequest,
  key: string,
  name: string,
): string | undefined {
  const values = [(headersDistinct ?? headers)[key] ?? []].flat()
  // Node joins repeated headers with a comma, and so may every proxy on the way.
  if (values.length <= 1 && values[0]?.includes(',') !== true) return values[0]
  throw new TenantUnresolvedError(
    `The ${name} has more than one value, so it is not certain which tenant is meant.`,
  )
}
