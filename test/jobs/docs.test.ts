import { join } from 'node:path'
import { complaints, snippets } from '../support/snippets'

/*
 * The snippets of the pages on jobs, shared data, and keys, checked by their types: each in a module of its own, with what it takes
 * for granted in front, unless it says that itself.
 */
const PREAMBLE: Readonly<Record<string, string>> = {
  express: "import express from 'express'",
  rateLimit: "import { ipKeyGenerator, rateLimit } from 'express-rate-limit'",
  LRUCache: "import { LRUCache } from 'lru-cache'",
  multer: "import multer from 'multer'",
  mkdir: "import { mkdir } from 'node:fs'",
  randomUUID: "import { randomUUID } from 'node:crypto'",
  createTenancy: "import { createTenancy } from 'rowhouse'",
  fromSession: "import { fromSession } from 'rowhouse'",
  sharedKey: "import { sharedKey } from 'rowhouse'",
  tenantKey: "import { tenantKey } from 'rowhouse'",
  tenantPath: "import { tenantPath } from 'rowhouse'",
  postgres: "import { postgres } from 'rowhouse/postgres'",
  tenancy: "declare const tenancy: import('rowhouse').Tenancy<import('pg').Pool, import('pg').Pool>",
  mysqlTenancy: "declare const mysqlTenancy: { readonly admin: import('mysql2/promise').Pool }",
  app: "declare const app: ReturnType<typeof import('express')>",
  queue: 'declare const queue: { add(name: string, data: object): Promise<unknown> }',
  startWorker:
    'declare const startWorker: (work: (job: { data: { widgetId: number } }) => Promise<unknown>) => void',
  secret: 'declare const secret: string',
  // Their types would add a session to the requests of all other tests.
  session: "declare const session: (options: object) => import('express').RequestHandler",
  connectPgSimple:
    'declare const connectPgSimple: (from: unknown) => new (options: { pool: import("pg").Pool; schemaName: string }) => object',
  mysqlSession:
    'declare const mysqlSession: (from: unknown) => new (options: object, pool: import("mysql2/promise").Pool) => object',
}

function moduleOf(snippet: string): string {
  const taken = Object.entries(PREAMBLE).filter(
    ([name]) =>
      new RegExp(`\\b${name}\\b(?!:)`).test(snippet) &&
      !new RegExp(`(const|type) ${name}\\b|import .*\\b${name}\\b`).test(snippet),
  )
  const lines = snippet.split('\n')
  const isImport = (line: string): boolean => line.startsWith('import ')
  const head = [...taken.map(([, text]) => text), ...lines.filter(isImport)]
  return [
    ...head,
    'export async function main(): Promise<void> {',
    ...lines.filter((line) => !isImport(line)),
    '}',
  ].join('\n')
}

/** Where a module of this name would be. */
const place = (name: string) => join(__dirname, `${name}.ts`)

test('each snippet has its types, and one that is wrong is noticed', () => {
  const modules = new Map(
    ['jobs.md', 'shared-data.md', 'keys.md'].flatMap((page) =>
      snippets(page).map((text, n) => [place(`${page} ${n}`), moduleOf(text)] as const),
    ),
  )
  expect(modules.size).toBe(11)
  const found = complaints(
    modules.set(place('wrong'), moduleOf("tenancy.wrapJob(7)\ntenancy.key(['user', 1])")),
  )
  expect(found.filter((one) => !one.startsWith(place('wrong')))).toEqual([])
  expect(found).toHaveLength(2)
})
