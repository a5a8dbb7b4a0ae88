import http from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { adminRouter } from 'rowhouse/admin'
import type { AdminOptions, AdminRouter } from 'rowhouse/admin'
import { EngineTown } from '../../engines/support/engine-town'
import type { TownOptions } from '../../engines/support/engine-town'
import { ENGINE_SERVERS } from '../../support/engines'
import type { EngineServer } from '../../support/engines'

/** One server of each engine: what the page asks of several versions of one is tested with the engines. */
export const ADMIN_SERVERS: readonly EngineServer[] = (['postgres', 'mysql'] as const).flatMap((engine) =>
  ENGINE_SERVERS.filter((server) => server.engine === engine).slice(0, 1),
)

/** How the page is mounted. */
export interface AdminTownOptions extends TownOptions {
  readonly admin?: Partial<AdminOptions>
  /** Makes the application; default: Express with the page at the mount path. */
  readonly app?: (admin: AdminRouter) => http.RequestListener
  /** Default `/admin`. */
  readonly mount?: string
}

/** A page as it came. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** A town with the admin page on a port of its own, and a browser without a window that remembers its cookies. */
export class AdminTown {
  readonly town: EngineTown
  readonly mount: string
  readonly #server: http.Server
  readonly #cookies = new Map<string, string>()
  #origin = ''

  /** @param title - what tells it from the other towns of its test file */
  constructor(
    server: EngineServer,
    title: string,
    { admin, app, mount = '/admin', ...options }: AdminTownOptions = {},
  ) {
    this.town = new EngineTown(server, `admin ${title}`, options)
    const router = adminRouter({ tenancy: this.town.tenancy, authorize: () => true, ...admin })
    this.mount = mount
    this.#server = http.createServer(app?.(router) ?? express().use(mount, router))
  }

  get tenancy(): EngineTown['tenancy'] {
    return this.town.tenancy
  }

  /** `http://127.0.0.1:4000` */
  get origin(): string {
    return this.#origin
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.#origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    await this.town.close()
  }

  get cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** A request to a path below the mount path, with the cookies; redirects are not followed. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { cookie: this.cookies, ...(init.headers as Record<string, string>) }
    const response = await fetch(this.#origin + this.mount + path, { redirect: 'manual', ...init, headers })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!
      if (value === '') this.#cookies.delete(name!)
      else this.#cookies.set(name!, value!)
    }
    return response
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return answerOf(await this.fetch(path, { headers }))
  }

  /** A form as a browser sends it, whatever is in it. */
  async post(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const own = { 'sec-fetch-site': 'same-origin', origin: this.#origin, ...headers }
    return answerOf(
      await this.fetch(path, { method: 'POST', headers: own, body: new URLSearchParams(fields) }),
    )
  }

  /** Opens a form, fills it in and sends it. */
  async submit(path: string, fields: Record<string, string> = {}): Promise<Answer> {
    const { text } = await this.get(path)
    const form = /<form[^>]*method="post"[^>]*action="([^"]+)"[^]*?<\/form>/.exec(text)
    if (form === null) throw new Error(`There is no form at ${path}: ${text}`)
    const hidden = [...form[0].matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)]
    const given = Object.fromEntries(hidden.map(([, name, value]) => [name!, decode(value!)]))
    return this.post(form[1]!.slice(this.mount.length), { ...given, ...fields })
  }

  /** The page behind a redirect. */
  follow({ headers }: Answer): Promise<Answer> {
    return this.get(headers.get('location')!.slice(this.mount.length))
  }
}

/** What a browser reads of escaped text. */
export function decode(text: string): string {
  const signs: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
  return text.replace(/&(\w+|#39);/g, (_, name: string) => signs[name] ?? `&${name};`)
}

/** The words of a page, without its tags. */
export function wordsOf({ text }: Answer): string {
  return decode(text.replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim()
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, text: await response.text() }
}
