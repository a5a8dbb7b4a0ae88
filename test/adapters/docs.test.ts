import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

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

function snippets(page: string): string[] {
  return [...readFileSync(join(root, 'docs', page), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(
    (hit) => hit[1]!,
  )
}

function moduleOf(snippet: string): string {
  const taken = Object.entries(TAKEN).filter(
    ([name]) => new RegExp(`\\b${name}\\b`).test(snippet) && !new RegExp(`const ${name}\\b`).test(snippet),
  )
  return [PREAMBLE, ...taken.map(([, text]) => text), snippet, 'export {}'].join('\n')
}

/** What the compiler says of modules, in one go: starting it is what takes time. */
function complaints(modules: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object
  }
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
  Object.assign(options, { experimentalDecorators: true, noUnusedLocals: false })
  const host = ts.createCompilerHost(options)
  const read = host.readFile.bind(host)
  const exists = host.fileExists.bind(host)
  const parse = host.getSourceFile.bind(host)
  host.fileExists = (path) => modules.has(path) || exists(path)
  host.readFile = (path) => modules.get(path) ?? read(path)
  host.getSourceFile = (path, version, ...rest) =>
    modules.has(path)
      ? ts.createSourceFile(path, modules.get(path)!, version, true)
      : parse(path, version, ...rest)
  const program = ts.createProgram([...modules.keys()], options, host)
  return [...modules.keys()].flatMap((path) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map((one) => `${path}: ${ts.flattenDiagnosticMessageText(one.messageText, '\n')}`),
  )
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
