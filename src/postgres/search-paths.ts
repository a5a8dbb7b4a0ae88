import { ByScope } from '../tenant/by-scope'
import type { SessionOptions } from './lease'
import { DEFAULT_PATH, DEFAULT_PATH_WITHOUT_ROLE, tenantPath } from './search-path'
import type { SearchPath } from './search-path'

/** The paths of a pool. @param sharedSchemas - `['extensions']` */
export function searchPathsOf(
  sharedSchemas: readonly string[],
  isolation: SessionOptions['isolation'],
): ByScope<SearchPath> {
  const hasRoles = isolation === 'role'
  const outside = hasRoles ? DEFAULT_PATH_WITHOUT_ROLE : DEFAULT_PATH
  return new ByScope(outside, (tenant) => tenantPath(tenant, sharedSchemas, hasRoles))
}
