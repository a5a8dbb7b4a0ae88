import { FLEET_CHANNEL } from './fleet/tell'
import type { FleetMessage } from './fleet/tell'
import { CHECKOUT_CHANNEL } from './observe/checkouts'
import type { CheckoutMessage } from './observe/checkouts'
import { ISOLATION_CHANNEL } from './observe/isolation'
import type { IsolationMessage } from './observe/isolation'
import { QUERY_CHANNEL } from './observe/queries'
import type { QueryMessage } from './observe/queries'
import { REQUEST_CHANNEL } from './observe/requests'
import type { RequestMessage } from './observe/requests'
import { SCOPE_CHANNEL } from './observe/scopes'
import type { ScopeMessage } from './observe/scopes'
import { SWITCH_CHANNEL } from './observe/switches'
import type { SwitchMessage } from './observe/switches'
import { TENANT_CHANNEL } from './observe/tenants'
import type { TenantMessage } from './observe/tenants'
import { REFUSAL_CHANNEL } from './refusals'
import type { RefusalMessage } from './refusals'

/** All channels of `node:diagnostics_channel` that something is published on, and only while somebody listens. */
export const CHANNELS = {
  isolation: ISOLATION_CHANNEL,
  refusal: REFUSAL_CHANNEL,
  request: REQUEST_CHANNEL,
  query: QUERY_CHANNEL,
  switch: SWITCH_CHANNEL,
  checkout: CHECKOUT_CHANNEL,
  tenant: TENANT_CHANNEL,
  fleet: FLEET_CHANNEL,
  scope: SCOPE_CHANNEL,
} as const

/** What is published on each of {@link CHANNELS}. */
export interface ChannelMessages {
  readonly isolation: IsolationMessage
  readonly refusal: RefusalMessage
  readonly request: RequestMessage
  readonly query: QueryMessage
  readonly switch: SwitchMessage
  readonly checkout: CheckoutMessage
  readonly tenant: TenantMessage
  readonly fleet: FleetMessage
  readonly scope: ScopeMessage
}
