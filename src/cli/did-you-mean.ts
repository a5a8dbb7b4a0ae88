import { distance } from 'fastest-levenshtein'
import { TenantNotFoundError } from '../errors'
import type { AnyTenancy } from './config'

/** Of what is known, what a word was probably meant to be: a letter or two away, fewer for a short word. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const most = Math.min(2, Math.floor(word.length / 2))
  let best: { readonly name: string; readonly apart: number } | undefined
  for (const name of known) {
    if (Math.abs(name.length - word.length) > most) continue
    const apart = distance(word, name)
    if (apart <= most && apart < (best?.apart ?? Infinity)) best = { name, apart }
  }
  return best?.name
}

/**
 * For errors that there is no such tenant: the ones that were probably meant, by what was said. All tenants are listed, once, where
 * there is such an error. Whoever has the command line may know all names, unlike whoever sends a request.
 */
export async function meantTenants(
  tenancy: AnyTenancy,
  errors: readonly unknown[],
): Promise<ReadonlyMap<string, string>> {
  const said = errors.flatMap((error) =>
    error instanceof TenantNotFoundError && error.tenant !== undefined ? [error.tenant] : [],
  )
  if (said.length === 0) return new Map()
  // What it is about is told already; a second error would hide it.
  const known = (await tenancy.list().catch(() => [])).map(({ tenant }) => tenant)
  return new Map(
    said.flatMap((word) => {
      const meant = nearest(word, known)
      return meant === undefined ? [] : [[word, meant] as const]
    }),
  )
}
