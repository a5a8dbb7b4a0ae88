/** What the pages take for granted, by its name: a block that uses it without saying where it comes from has this in front. */
const GRANTED: Readonly<Record<string, string>> = {
  ...importsFrom('rowhouse', [
    'createTenancy',
    'firstOf',
    'fromClaim',
    'fromCookie',
    'fromHeader',
    'fromHostMap',
    'fromJwt',
    'fromPath',
    'fromRequest',
    'fromSession',
    'fromSubdomain',
    'isTenantGone',
    'listen',
    'RowhouseError',
    'sharedKey',
    'tenantKey',
    'tenantPath',
  ]),
  ...importsFrom('rowhouse/postgres', ['postgres', 'TenantPool']),
  ...importsFrom('rowhouse/mysql', ['mysql']),
  ...importsFrom('node:fs', ['mkdir']),
  ...importsFrom('node:crypto', ['randomUUID']),
  ...importsFrom('node:stream', ['Readable']),
  ...importsFrom('express-rate-limit', ['ipKeyGenerator', 'rateLimit']),
  ...importsFrom('lru-cache', ['LRUCache']),
  ...importsFrom('hono', ['Hono']),
  ...importsFrom('@nestjs/common', ['Controller', 'Get', 'Inject', 'Module']),
  ...importsFrom('socket.io', ['Server', 'Socket']),
  ...importsFrom('ws', ['WebSocketServer']),
  HonoRequest: "import type { HonoRequest } from 'rowhouse/hono'",
  HandshakeRequest: "import type { HandshakeRequest } from 'rowhouse/socket.io'",
  PlainRequest: "import type { PlainRequest } from 'rowhouse'",
  TenantRecord: "import type { TenantRecord } from 'rowhouse'",
  ...importsFrom('rowhouse/admin', ['adminRouter']),
  audit: 'declare const audit: (...facts: unknown[]) => void',
  ...importsFrom('rowhouse/testing', ['recordingEngine', 'temporaryTenants']),
  MigrationBuilder: "import type { MigrationBuilder } from 'rowhouse/postgres'",
  Context: "import type { Context } from 'hono'",
  FleetStatus: "import type { FleetStatus } from 'rowhouse'",
  nestApp: "declare const nestApp: import('@nestjs/common').INestApplication",
  exporter: "declare const exporter: import('@opentelemetry/sdk-trace-node').SpanExporter",
  res: "declare const res: import('express').Response",
  Shop: 'interface Shop { readonly id: string; readonly name: string }',
  shops:
    'declare const shops: { findOne(by: { id: string }): Promise<{ id: string; name: string } | undefined> }',
  work: 'declare const work: (...given: unknown[]) => Promise<void>',
  page: 'declare const page: (tenant: string | undefined, text: string) => void',
  log: 'declare const log: ((event: object) => void) & { warn(fields: object, text: string): void }',
  signal: 'declare const signal: AbortSignal',
  engine: "declare const engine: ReturnType<typeof import('rowhouse/postgres').postgres>",
  connectionString: 'declare const connectionString: string',
  uri: 'declare const uri: string',
  emitter: "declare const emitter: import('node:events').EventEmitter",
  fileUpload: "declare const fileUpload: () => import('express').RequestHandler",
  handler: "declare const handler: import('express').RequestHandler",
  refreshReports: 'declare const refreshReports: () => Promise<void>',
  backUp: 'declare const backUp: (schema: string) => Promise<void>',
  notify: 'declare const notify: (tenant: string) => void',
  listWidgets: 'declare const listWidgets: (pool: unknown) => Promise<unknown>',
  http: "import http from 'node:http'",
  express: "import express from 'express'",
  fastify: "import fastify from 'fastify'",
  Koa: "import Koa from 'koa'",
  multer: "import multer from 'multer'",
  tenancy: "declare const tenancy: import('rowhouse').Tenancy<import('pg').Pool, import('pg').Pool>",
  mysqlTenancy: "declare const mysqlTenancy: { readonly admin: import('mysql2/promise').Pool }",
  app: "declare const app: ReturnType<typeof import('express')>",
  queue: 'declare const queue: { add(name: string, data: object): Promise<unknown> }',
  startWorker:
    'declare const startWorker: (work: (job: { data: { widgetId: number } }) => Promise<unknown>) => void',
  secret: 'declare const secret: string',
  mayUse: 'declare const mayUse: (caller: unknown, tenant: string) => boolean',
  report: 'declare const report: () => AsyncGenerator<string>',
  error: 'declare const error: unknown',
  options:
    "declare const options: { resolve: ReturnType<typeof import('rowhouse').fromHeader>; authorize: (req: import('rowhouse').PlainRequest, tenant: { id: string }) => boolean }",
  io: "declare const io: import('socket.io').Server",
  server: "declare const server: import('node:http').Server",
  // Their types would add a session to the requests of all other tests.
  session: "declare const session: (options: object) => import('express').RequestHandler",
  connectPgSimple:
    'declare const connectPgSimple: (from: unknown) => new (options: { pool: import("pg").Pool; schemaName: string }) => object',
  mysqlSession:
    'declare const mysqlSession: (from: unknown) => new (options: object, pool: import("mysql2/promise").Pool) => object',
}

function importsFrom(from: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `import { ${name} } from '${from}'`]))
}

/** A module in which an application tells of its requests, as passport does: `req.user`. */
export const USER = `
declare global {
  namespace Express {
    interface Request { user?: { tenants: string[]; tenant: string; id: string; isAdmin: boolean } }
  }
}
export {}`

/** What is wrong with modules, by their paths. */
type Check = (modules: ReadonlyMap<string, string>) => string[]

const UNKNOWN = /^(.*?\.ts): (?:Cannot find name|No value exists in scope for the shorthand property) '(\w+)'/

/**
 * Blocks as modules of their own, each with what it takes for granted in front: the names that the compiler does not find.
 *
 * @param blocks - texts by the paths of their modules
 */
export function modulesOf(blocks: ReadonlyMap<string, string>, check: Check): Map<string, string> {
  const bare = new Map([...blocks].map(([path, text]) => [path, moduleOf(text, [])]))
  const lacking = new Map<string, Set<string>>()
  for (const one of check(bare)) {
    const [, path, name] = UNKNOWN.exec(one) ?? []
    const line = name !== undefined && Object.hasOwn(GRANTED, name) ? GRANTED[name] : undefined
    if (path !== undefined && line !== undefined)
      lacking.set(path, (lacking.get(path) ?? new Set()).add(line))
  }
  return new Map([...blocks].map(([path, text]) => [path, moduleOf(text, [...(lacking.get(path) ?? [])])]))
}

function moduleOf(text: string, granted: readonly string[]): string {
  const lines = text.split('\n')
  const isImport = (line: string): boolean => line.startsWith('import ')
  const body = lines.filter((line) => !isImport(line))
  const isModule = body.some((line) => /^(export|declare module) /.test(line))
  const head = [...granted, ...lines.filter(isImport)]
  return [
    ...head,
    ...(isModule ? [...body, 'export {}'] : ['export async function main(): Promise<void> {', ...body, '}']),
  ].join('\n')
}
