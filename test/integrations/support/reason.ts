/** Under which libraries keep the error that theirs is made of. */
const INNER = ['cause', 'parent', 'original', 'driverError'] as const

/** Our error within a library's, and where it stands: `itself`, `cause`, `cause.cause`. */
export function reasonIn(error: unknown, place = ''): { code: string; place: string } | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && code.startsWith('ROWHOUSE_')) return { code, place: place || 'itself' }
  for (const name of INNER) {
    const inner: unknown = (error as Record<string, unknown>)[name]
    if (inner === undefined || inner === error) continue
    const found = reasonIn(inner, place === '' ? name : `${place}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}
