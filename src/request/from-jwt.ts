import { ConfigError, TenantUnresolvedError } from '../errors'
import { nameOfClaim, readClaim } from './from-claim'
import { readHeader } from './from-header'
import type { PlainRequest, RequestLike } from './request-like'
import { isBlank } from './resolver'
import type { Resolver } from './resolver'

/** How a token is found and verified. */
export interface FromJwtOptions<Req extends PlainRequest = RequestLike> {
  /**
   * Verifies a token and returns its payload; throws for one that is not right. With jose:
   * `async (token) => (await jwtVerify(token, key, { algorithms: ['RS256'], issuer, audience })).payload`. Never a function that only decodes.
   */
  readonly verify: (token: string, req: Req) => unknown
  /** Where the token is. Default: `Authorization: Bearer ...`. */
  readonly token?: ((req: Req) => string | null | undefined) | undefined
}

/**
 * Verifies a token and takes one of its claims: `fromJwt('tenant', { verify })`. Trusted. Without a token, or without the claim, the
 * request names no tenant. A token that `verify` throws at is refused with 401, also where no tenant is required, with its
 * error as the `cause`; an error of `verify` that has a status of its own passes as it is.
 *
 * @throws {@link ConfigError} without a claim's name or without `verify`
 */
export function fromJwt<Req extends PlainRequest = RequestLike>(
  claim: string,
  { verify, token: findToken = bearerToken }: FromJwtOptions<Req>,
): Resolver<Req> {
  const name = nameOfClaim('fromJwt', claim)
  if (typeof verify !== 'function') {
    throw new ConfigError([
      `fromJwt(${JSON.stringify(claim)}) needs \`verify: (token) => ...\`, which verifies a token and returns its payload.`,
    ])
  }
  return {
    trust: 'trusted',
    name,
    async resolve(req) {
      const token = findToken(req)
      if (isBlank(token)) return undefined
      return readClaim(await verified(() => verify(token, req)), claim, name)
    },
  }
}

async function verified(verify: () => unknown): Promise<unknown> {
  try {
    return await verify()
  } catch (error) {
    const { status, statusCode } = Object(error) as { status?: unknown; statusCode?: unknown }
    if (typeof (status ?? statusCode) === 'number') throw error
    throw new TenantUnresolvedError('The token of this request is not valid.', { status: 401, cause: error })
  }
}

function bearerToken(req: PlainRequest): string | undefined {
  const header = readHeader(req, 'authorization', 'header "authorization"')
  return header === undefined ? undefined : /^bearer +([^\s]+) *$/i.exec(header)?.[1]
}
