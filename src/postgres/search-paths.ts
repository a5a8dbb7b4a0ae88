import { ByScope } from '../tenant/by-scope'
import { DEFAULT_PATH, tenantPath } from './search-path'
import type { SearchPath } from './search-path'

/** The paths of a pool. @param sharedSchemas - `['extensions']` */
export function searchPathsOf(sharedSchemas: readonly string[]): ByScope<SearchPath> {
  return new ByScope(DEFAULT_PATH, (tenant) => tenantPath(tenant, sharedSchemas))
}
