import { createApp } from '../../example-app/app'
import { listen } from '../../example-app/listen'
import { startPostgres } from '../embedded-postgres/start'
import { postgresDatabase } from '../../example-app/database/postgres-database'

/** The example application, with something in it to be seen. */
export interface Scene {
  /** `http://127.0.0.1:41234` */
  readonly url: string
  /** A tenant's own site, `http://acme-instruments.localhost:41234`. */
  readonly tenantUrl: string
  /** Leaves some tenants behind with their migrations, and suspends one. */
  spread(): Promise<void>
  close(): Promise<void>
}

const TENANTS = [
  ['Acme Instruments', ['Anchor bolt', 'Ball bearing', 'Cam follower', 'Dowel pin', 'Eyelet']],
  ['Globex', ['Flange', 'Gasket']],
  ['Initech', ['Hinge', 'Idler', 'Jig', 'Key']],
  ['Umbrella Textiles', ['Loom']],
  ['Zoë’s Café', ['Mug', 'Napkin ring', 'Oven knob']],
] as const

const TYPES = ['fastener', 'moving part'] as const

/** Starts a database of its own, whatever DATABASE_URL says, and the application, and signs some tenants up. */
export async function openScene(): Promise<Scene> {
  const server = await startPostgres({ version: 18 })
  const database = postgresDatabase(server)
  const { app, tenancy, close } = createApp({ database })
  const site = await listen(app, '0')
  const scene: Scene = {
    url: site.url,
    tenantUrl: `http://acme-instruments.localhost:${new URL(site.url).port}`,
    async spread() {
      for (const id of ['2', '4']) await tenancy.rollback(id)
      await tenancy.suspend('3')
    },
    async close() {
      await site.close()
      await close()
      await server.stop()
    },
  }
  try {
    await database.setUp()
    for (const [name, widgets] of TENANTS) await fill(site.url, name, widgets)
    return scene
  } catch (error) {
    await scene.close()
    throw error
  }
}

async function fill(url: string, name: string, widgets: readonly string[]): Promise<void> {
  const { tenant } = await post(`${url}/sign-up`, { sign_up: { name } })
  const base = `${url}/tenants/${tenant.id}`
  const types: string[] = []
  for (const type of TYPES)
    types.push((await post(`${base}/widget-types`, { widget_type: { name: type } })).widget_type.id)
  for (const [index, widget] of widgets.entries())
    await post(`${base}/widgets`, { widget: { name: widget, widget_type_id: types[index % types.length] } })
  await post(`${base}/imports`, { import: { widgets: widgets.length } })
}

async function post(url: string, body: object): Promise<any> {
  const headers = { accept: 'application/json', 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}
