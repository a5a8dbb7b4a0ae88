import 'reflect-metadata'
import type http from 'node:http'
import { Module } from '@nestjs/common'
import type { INestApplication } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import type { AdminRouter } from 'rowhouse/admin'
import { baseOf } from '../../src/admin/request'
import { AdminTown, ADMIN_SERVERS, wordsOf } from './support/admin-town'

const server = ADMIN_SERVERS[0]!

class AppModule {}
Module({})(AppModule)

/** Nest takes functions of Express' form on both platforms. */
const PLATFORMS = {
  async express(router: AdminRouter): Promise<[INestApplication, http.RequestListener]> {
    const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false })
    app.use('/admin', router)
    await app.init()
    return [app, app.getHttpAdapter().getInstance() as http.RequestListener]
  },
  async fastify(router: AdminRouter): Promise<[INestApplication, http.RequestListener]> {
    const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
      logger: false,
    })
    app.use('/admin', router)
    await app.init()
    const fastify = app.getHttpAdapter().getInstance()
    await fastify.ready()
    return [app, (req, res) => fastify.routing(req, res)]
  },
}

test.each(['express', 'fastify'] as const)('in Nest on %s: pages, files, forms, events', async (platform) => {
  let nest: Promise<[INestApplication, http.RequestListener]> | undefined
  const admin = await new AdminTown(server, `nest ${platform}`, {
    app: (router) => {
      nest = PLATFORMS[platform](router)
      return (req, res) => void nest!.then(([, listener]) => listener(req, res))
    },
  }).start()
  try {
    await admin.tenancy.create('acme')
    const fleet = await admin.get('/')
    expect(fleet.text).toContain('href="/admin/tenant?id=acme"')
    expect((await admin.get('')).text).toContain('href="/admin/assets/admin.css"')
    expect((await admin.get('/assets/admin.css')).status).toBe(200)
    const suspended = await admin.submit('/tenant/suspend?id=acme')
    expect(wordsOf(await admin.follow(suspended))).toContain('The tenant is suspended')
    await admin.submit('/migrate', { to: 'all' })
    expect((await admin.get('/run/events')).text).toContain('event: ended')
    expect((await admin.post('/tenant/drop', { id: 'acme' })).status).toBe(403)
  } finally {
    await (await nest)?.[0].close()
    await admin.stop()
  }
})

test.each([
  [{ baseUrl: '/admin' }, '/admin'],
  [{ baseUrl: '/admin/' }, '/admin'],
  [{}, ''],
  [{ baseUrl: '' }, ''],
  [{ originalUrl: '/admin/tenant?id=1', url: '/tenant?id=1' }, '/admin'],
  [{ originalUrl: '/admin', url: '/' }, '/admin'],
  [{ originalUrl: '/admin?q=/', url: '/?q=/' }, '/admin'],
  [{ originalUrl: '/tenant', url: '/tenant' }, ''],
  [{ originalUrl: '/other', url: '/tenant' }, ''],
  [{ baseUrl: '//evil.example' }, ''],
  [{ baseUrl: '/a;b' }, ''],
  [{ baseUrl: '/a\r\nb' }, ''],
  [{ baseUrl: '/eu%20west/admin' }, '/eu%20west/admin'],
])('the mount path of %j is "%s"', (req, base) => {
  expect(baseOf(req)).toBe(base)
})
