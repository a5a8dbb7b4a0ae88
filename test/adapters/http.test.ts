import { httpTenant } from '../../src/adapters/http'
import { serve } from '../request/serve'
import { describeAdapter } from './describe-adapter'
import { handle } from './http-app'

describeAdapter(
  'node:http',
  ({ tenancy }) =>
    async (shop, options, sockets) =>
      serve(httpTenant(tenancy, options).handler(handle(shop)), { sockets }),
)
