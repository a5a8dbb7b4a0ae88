import * as fc from 'fast-check'
import { ConfigError, TenantUnresolvedError } from '../../src/errors'
import { fromHostMap } from '../../src/request/from-host-map'
import type { HostMap } from '../../src/request/from-host-map'

const map = {
  'shop.acme.com': 'acme',
  'M\u00fcnchen.de': 'munich',
  'GLOBEX.example': 'globex',
  'seven.example': 7,
}
const find = (host: string, hosts: HostMap = map) => fromHostMap(hosts).resolve({ headers: { host } })

test.each([
  ['shop.acme.com', 'acme'],
  ['Shop.ACME.com', 'acme'],
  ['shop.acme.com:8080', 'acme'],
  ['shop.acme.com.', 'acme'],
  ['shop.acme.com.:443', 'acme'],
  ['xn--mnchen-3ya.de', 'munich'],
  ['globex.example', 'globex'],
  ['seven.example', 7],
])('the host %s belongs to %s', async (host, tenant) => {
  expect(await find(host)).toBe(tenant)
  expect(await find(host, new Map(Object.entries(map)))).toBe(tenant)
})

test.each([
  'acme.com',
  'www.shop.acme.com',
  'shop.acme.com.evil.org',
  'shop.acme.com..',
  '.shop.acme.com',
  'shopXacme.com',
  'm\u00fcnchen.de',
  'shop%2eacme.com',
  'shop.acme.com/x',
  'user@shop.acme.com',
  'shop.acme.com\0',
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(100_000),
  '127.0.0.1',
  '[::1]:80',
  '',
])('the host %j names no tenant', async (host) => {
  expect(await find(host)).toBeUndefined()
  expect(await find(host, new Map(Object.entries(map)))).toBeUndefined()
})

test('a function is asked for domains alone, in the form that browsers send; it may take its time', async () => {
  const asked: string[] = []
  const { resolve } = fromHostMap(async (host) => {
    asked.push(host)
    return host === 'shop.acme.com' ? 'acme' : null
  })
  expect(await resolve({ headers: { host: 'Shop.Acme.com:1' } })).toBe('acme')
  expect(await resolve({ headers: { host: 'other.com' } })).toBeUndefined()
  for (const host of [`a'b.com`, 'a b', '1.2.3.4', 'x'.repeat(300), '\u212Aelvin.com', ''])
    await resolve({ headers: { host } })
  expect(asked).toEqual(['shop.acme.com', 'other.com'])
})

test('what a function rejects with is its own', async () => {
  const failure = new Error('database is down')
  const { resolve } = fromHostMap(() => Promise.reject(failure))
  await expect(resolve({ headers: { host: 'a.com' } })).rejects.toBe(failure)
})

test('an answer that is a list or an object is no tenant', async () => {
  const { resolve } = fromHostMap((() => [{ id: 'acme' }]) as unknown as HostMap)
  await expect(resolve({ headers: { host: 'a.com' } })).rejects.toThrow(TenantUnresolvedError)
})

test('X-Forwarded-Host counts when asked for, and then it alone', async () => {
  const headers = { host: 'globex.example', 'x-forwarded-host': 'Shop.acme.com:443' }
  expect(await fromHostMap(map).resolve({ headers })).toBe('globex')
  const { resolve } = fromHostMap(map, { forwarded: true })
  expect(await resolve({ headers })).toBe('acme')
  expect(await resolve({ headers: { host: 'globex.example' } })).toBeUndefined()
  for (const twice of ['shop.acme.com, globex.example', ['shop.acme.com', 'globex.example']])
    await expect(resolve({ headers: { 'x-forwarded-host': twice } })).rejects.toThrow(TenantUnresolvedError)
})

test("Express' hostname counts before the Host header", async () => {
  expect(
    await fromHostMap(map).resolve({ hostname: 'shop.acme.com', headers: { host: 'globex.example' } }),
  ).toBe('acme')
})

test('it is spoofable: anyone can send a Host header', () => {
  expect(fromHostMap(map).trust).toBe('spoofable')
})

test.each([
  '',
  '*.acme.com',
  'https://acme.com',
  'acme.com:80',
  'acme.com/x',
  '127.0.0.1',
  '__proto__ x',
  `${'a'.repeat(254)}`,
])('the key %j is no bare domain name', (key) => {
  expect(() => fromHostMap({ [key]: 'acme' })).toThrow(ConfigError)
  expect(() => fromHostMap(new Map([[key, 'acme']]))).toThrow(ConfigError)
})

test('one domain with two tenants is a mistake, however it is written', () => {
  expect(() => fromHostMap({ 'acme.com': 'acme', 'ACME.com.': 'globex' })).toThrow(
    /two tenants for the domain "acme.com"/,
  )
  expect(() => fromHostMap({ 'acme.com': 'acme', 'ACME.com': 'acme' })).not.toThrow()
})

test('a map is read once', async () => {
  const hosts = new Map([['acme.com', 'acme']])
  const { resolve } = fromHostMap(hosts)
  hosts.set('acme.com', 'globex').set('globex.com', 'globex')
  expect(await resolve({ headers: { host: 'acme.com' } })).toBe('acme')
  expect(await resolve({ headers: { host: 'globex.com' } })).toBeUndefined()
})

test('whatever the host, a tenant that is found is one of the map', async () => {
  const { resolve } = fromHostMap(map)
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.domain()), async (host) => {
      expect([undefined, 'acme', 'munich', 'globex', 7]).toContain(await resolve({ headers: { host } }))
    }),
    { numRuns: 500 },
  )
})
