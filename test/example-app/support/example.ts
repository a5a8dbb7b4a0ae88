import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from '../../../example-app/app'
import type { ExampleApp } from '../../../example-app/app'
import type { Database } from '../../../example-app/database/database'
import { mysqlDatabase } from '../../../example-app/database/mysql-database'
import { postgresDatabase } from '../../../example-app/database/postgres-database'
import type { EngineServer } from '../../support/engines'
import { uniquePrefix } from '../../support/servers'

/** A request by `node:http`, since `fetch` sends no host of one's own. All but these two are headers. */
interface AtOptions {
  readonly method?: string
  readonly body?: string
  readonly [header: string]: string | undefined
}

interface AtAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

const DATABASES = { postgres: postgresDatabase, mysql: mysqlDatabase }

/** The example application on a port of its own, with a table of tenants and schemas of its own. */
export class Example {
  readonly logged: unknown[] = []
  readonly prefix: string
  readonly tenancy: ExampleApp<unknown>['tenancy']
  readonly #server: EngineServer
  readonly #database: Database<any>
  readonly #http: http.Server
  readonly #close: ExampleApp<unknown>['close']
  #url = ''

  /** @param title - what tells it from the other examples of its test file */
  constructor(server: EngineServer, title: string) {
    this.prefix = uniquePrefix(`${title} ${server.name}`)
    this.#server = server
    const { appUrl, ownerUrl, engine } = server
    this.#database = DATABASES[engine]({ appUrl, ownerUrl, mainSchema: this.mainSchema })
    const log = (error: unknown): void => void this.logged.push(error)
    const { app, tenancy, close } = createApp({ database: this.#database, prefix: this.prefix, log })
    this.tenancy = tenancy
    this.#close = close
    this.#http = http.createServer(app)
  }

  /** `http://127.0.0.1:41234` */
  get url(): string {
    return this.#url
  }

  get port(): string {
    return new URL(this.#url).port
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
    return this.#database.setUp()
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
    await this.#close()
    await this.#server.dropPrefix(this.prefix)
  }

  /** A request as it is, redirects not followed. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.#url + path, { redirect: 'manual', ...init })
  }

  /** The page at a path, as a browser asks for it. */
  page(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(path, { headers: { accept: 'text/html', ...headers } })
  }

  /** What another host of this server answers, `acme.localhost`, whatever the system takes that name for. */
  at(host: string, path: string, init: AtOptions = {}): Promise<AtAnswer> {
    const { method = 'GET', body, ...headers } = init
    return new Promise((resolve, reject) => {
      const request = http.request(this.#url + path, {
        method,
        headers: { accept: 'text/html', ...headers, host: `${host}:${this.port}` },
      })
      request.on('error', reject).on('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
      })
      request.end(body)
    })
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

  /** A new tenant that signed up: its path. */
  async signUp(name: string, subdomain = ''): Promise<string> {
    const { body } = await this.json('POST', '/sign-up', { sign_up: { name, subdomain } })
    return `/tenants/${body.tenant.id}`
  }

  /** Names of the widgets of the tenant at a path. */
  async widgets(tenant: string): Promise<string[]> {
    const { body } = await this.json('GET', `${tenant}/widgets`)
    return body.widgets.map(({ name }: { name: string }) => name)
  }

  /** Whether the tenant at a path has a schema. */
  async hasSchema(tenant: string): Promise<boolean> {
    return (await this.#server.schemas(this.prefix)).includes(this.prefix + tenant.split('/').pop())
  }

  /** SQL as the owner, on the main schema's tables. */
  sql(text: string): Promise<any[]> {
    return this.#server.asOwner(text, this.mainSchema)
  }
}
