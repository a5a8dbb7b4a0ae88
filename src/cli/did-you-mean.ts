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
 * For an error that there is no such tenant: the one that was probably meant. Whoever has the command line may know all
 * names, unlike whoever sends a request.
 */
export async function meantTenant(tenancy: AnyTenancy, error: unknown): Promise<string | undefined> {
  if (!(error instanceof TenantNotFoundError) || error.tenant === undefined) return undefined
  // What it is about is told already; a second error would hide it.
  const tenants = await tenancy.list().catch(() => [])
  return nearest(
    error.tenant,
    tenants.map(({ tenant }) => tenant),
  )
}
