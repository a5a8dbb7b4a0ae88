import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from '../../../example-app/app'
import type { ExampleApp } from '../../../example-app/app'
import { setUpDatabase } from '../../../example-app/set-up-database'
import { dropPrefix, uniquePrefix, withOwner } from '../../support/servers'
import type { TestServer } from '../../support/servers'

/** The example application on a port of its own, with a table of tenants and schemas of its own. */
export class Example {
  readonly logged: unknown[] = []
  readonly prefix: string
  readonly tenancy: ExampleApp['tenancy']
  readonly #server: TestServer
  readonly #options: Parameters<typeof createApp>[0]
  readonly #http: http.Server
  #url = ''

  /** @param title - what tells it from the other examples of its test file */
  constructor(server: TestServer, title: string) {
    this.prefix = uniquePrefix(`${title} ${server.version}`)
    this.#server = server
    const { appUrl, ownerUrl } = server
    const log = (error: unknown): void => void this.logged.push(error)
    this.#options = { appUrl, ownerUrl, prefix: this.prefix, mainSchema: this.mainSchema, log }
    const { app, tenancy } = createApp(this.#options)
    this.tenancy = tenancy
    this.#http = http.createServer(app)
  }

  get mainSchema(): string {
    return `${this.prefix}main`
  }

  async start(): Promise<void> {
    await this.setUp()
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve))
    this.#url = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  setUp(): Promise<void> {
    return setUpDatabase(this.#options)
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
    await this.tenancy.close()
    await dropPrefix(this.#server, this.prefix)
  }

  /** A request as it is, redirects not followed. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.#url + path, { redirect: 'manual', ...init })
  }

  /** The page at a path, as a browser asks for it. */
  page(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(path, { headers: { accept: 'text/html', ...headers } })
  }

  /** A form as a browser sends it. */
  submit(path: string, fields: Record<string, string>): Promise<Response> {
    const headers = { accept: 'text/html', 'sec-fetch-site': 'same-origin', origin: this.#url }
    return this.fetch(path, { method: 'POST', headers, body: new URLSearchParams(fields) })
  }

  /** JSON there and back. */
  async json(method: string, path: string, body?: object): Promise<{ status: number; body: any }> {
    const response = await this.fetch(path, {
      method,
      headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }

  /** A new tenant's path, `/tenants/1`. */
  async tenant(name: string): Promise<string> {
    const { body } = await this.json('POST', '/tenants', { tenant: { name } })
    return `/tenants/${body.tenant.id}`
  }

  /** Names of the widgets of the tenant at a path. */
  async widgets(tenant: string): Promise<string[]> {
    const { body } = await this.json('GET', `${tenant}/widgets`)
    return body.widgets.map(({ name }: { name: string }) => name)
  }

  /** Whether the tenant at a path has a schema. */
  hasSchema(tenant: string): Promise<boolean> {
    const name = this.prefix + tenant.split('/').pop()
    return withOwner(this.#server, async (client) => {
      const { rowCount } = await client.query('select from pg_namespace where nspname = $1', [name])
      return rowCount === 1
    })
  }

  /** SQL as the owner, on the main schema's tables. */
  sql(text: string): Promise<{ rows: any[] }> {
    return withOwner(this.#server, async (client) => {
      await client.query(`set search_path to ${this.mainSchema}`)
      return client.query(text)
    })
  }
}
