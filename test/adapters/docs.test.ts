import { join } from 'node:path'
import { complaints, snippets } from '../support/snippets'

/*
 * The snippets of the documentation, checked by their types: each in a module of its own, with what it takes for granted in front.
 */
const root = join(__dirname, '../..')
const PREAMBLE = `
  import http from 'node:http'
  import { Readable } from 'node:stream'
  import express from 'express'
  import fastify from 'fastify'
  import { Hono } from 'hono'
  import type { Context } from 'hono'
  import Koa from 'koa'
  import { Controller, Get, Inject, Module } from '@nestjs/common'
  import type { INestApplication } from '@nestjs/common'
  import { Server } from 'socket.io'
  import type { Socket } from 'socket.io'
  import { WebSocketServer } from 'ws'
  import { createTenancy, fromClaim, fromCookie, fromHeader, fromHostMap, fromJwt, fromPath, fromRequest, fromSession, RowhouseError } from 'rowhouse'
  import type { PlainRequest, TenantRecord } from 'rowhouse'
  import type { HonoRequest } from 'rowhouse/hono'
  import { postgres } from 'rowhouse/postgres'
  import type { HandshakeRequest } from 'rowhouse/socket.io'
  declare const mayUse: (caller: unknown, tenant: string) => boolean
  declare const report: () => AsyncGenerator<string>
  declare const error: unknown
  const tenancy = createTenancy({ engine: postgres({}) })
`
/** What a snippet takes from one before it. */
const TAKEN: Readonly<Record<string, string>> = {
  options:
    'declare const options: { resolve: ReturnType<typeof fromHeader>; authorize: (req: PlainRequest, tenant: { id: string }) => boolean }',
  app: 'declare const app: INestApplication',
  io: 'declare const io: Server',
  server: 'declare const server: http.Server',
}

function moduleOf(snippet: string): string {
  const taken = Object.entries(TAKEN).filter(
    ([name]) => new RegExp(`\\b${name}\\b`).test(snippet) && !new RegExp(`const ${name}\\b`).test(snippet),
  )
  return [PREAMBLE, ...taken.map(([, text]) => text), snippet, 'export {}'].join('\n')
}

const pages = ['frameworks.md', 'websockets.md']
const modules = new Map(
  pages.flatMap((page) =>
    snippets(page).map((text, n) => [join(root, 'test', `${page} ${n}.ts`), moduleOf(text)] as const),
  ),
)

test('each snippet of the pages on frameworks has its types', () => {
  expect(modules.size).toBeGreaterThan(10)
  expect(complaints(modules)).toEqual([])
})

test('a snippet that is wrong is noticed', () => {
  const wrong = moduleOf(
    "import { koaTenant } from 'rowhouse/koa'\nkoaTenant(tenancy, { resolve: 'header' })",
  )
  expect(complaints(new Map([[join(root, 'test/wrong.ts'), wrong]]))).toHaveLength(1)
})
