import * as fc from 'fast-check'
import { ConfigError } from '../../src/errors'
import { fromSubdomain } from '../../src/request/from-subdomain'
import type { FromSubdomainOptions } from '../../src/request/from-subdomain'

/** What the resolver reads from a Host header. */
function tenantOf(host: string, options: FromSubdomainOptions = { root: 'example.com' }): string | undefined {
  return fromSubdomain(options).resolve({ headers: { host } }) as string | undefined
}

test.each([
  ['acme.example.com', 'acme'],
  ['acme.example.com:8080', 'acme'],
  ['acme.example.com:', 'acme'],
  ['acme.example.com.', 'acme'],
  ['acme.example.com.:443', 'acme'],
  ['ACME.Example.COM', 'acme'],
  ['a-1_b.example.com', 'a-1_b'],
  ['xn--mnchen-3ya.example.com', 'xn--mnchen-3ya'],
])('the host %s belongs to the tenant %s', (host, tenant) => {
  expect(tenantOf(host)).toBe(tenant)
})

test.each([
  ['the root itself', 'example.com'],
  ['the root with a port', 'example.com:3000'],
  ['an empty label', '.example.com'],
  ['another domain', 'acme.example.org'],
  ['a domain that ends like the root', 'acme.notexample.com'],
  ['a domain that ends like the root, without a label', 'notexample.com'],
  ['a host where the dot of the root is another letter', 'acme.exampleXcom'],
  ['the root in front of another domain', 'acme.example.com.evil.org'],
  ['the root as a label', 'example.com.evil.org'],
  ['two labels', 'a.b.example.com'],
  ['two dots at the end', 'acme.example.com..'],
  ['an IPv4 address', '127.0.0.1:3000'],
  ['an IPv6 address', '[::1]:3000'],
  ['localhost', 'localhost'],
  ['nothing', ''],
  ['www', 'www.example.com'],
  ['WWW', 'WWW.example.com'],
])('%s names no tenant', (_what, host) => {
  expect(tenantOf(host)).toBeUndefined()
})

test('a request without a host names no tenant', () => {
  expect(fromSubdomain({ root: 'example.com' }).resolve({ headers: {} })).toBeUndefined()
})

test("Express' hostname counts before the Host header, which a proxy may have replaced", () => {
  const { resolve } = fromSubdomain({ root: 'example.com' })
  expect(resolve({ hostname: 'acme.example.com', headers: { host: 'internal:8080' } })).toBe('acme')
  expect(resolve({ hostname: 'internal', headers: { host: 'acme.example.com' } })).toBeUndefined()
})

test('HTTP/2 calls the host :authority', () => {
  expect(
    fromSubdomain({ root: 'example.com' }).resolve({ headers: { ':authority': 'acme.example.com' } }),
  ).toBe('acme')
})

test('anyone can send a Host header, so it is spoofable', () => {
  expect(fromSubdomain({ root: 'example.com' }).trust).toBe('spoofable')
})

test('lowering the case never makes an ASCII letter of another one', () => {
  expect(tenantOf('\u212Aelvin.example.com')).toBe('\u212Aelvin')
})

test('with nested, several labels are taken as they are', () => {
  const options = { root: 'example.com', nested: true }
  expect(tenantOf('a.b.example.com', options)).toBe('a.b')
  expect(tenantOf('a.example.com', options)).toBe('a')
  expect(tenantOf('a..example.com', options)).toBeUndefined()
})

test('of several roots the longest that fits decides', () => {
  const options = { root: ['example.com', 'eu.example.com', 'example.org'] }
  expect(tenantOf('acme.example.org', options)).toBe('acme')
  expect(tenantOf('acme.eu.example.com', options)).toBe('acme')
  expect(tenantOf('eu.example.com', options)).toBe('eu')
})

test('the ignored subdomains can be chosen', () => {
  const options = { root: 'example.com', ignore: ['API', 'eu'] }
  expect(tenantOf('api.example.com', options)).toBeUndefined()
  expect(tenantOf('eu.example.com', options)).toBeUndefined()
  expect(tenantOf('www.example.com', options)).toBe('www')
})

test('a root may be localhost, in capitals, with a last dot, or international', () => {
  expect(tenantOf('acme.localhost:3000', { root: 'localhost' })).toBe('acme')
  expect(tenantOf('acme.example.com', { root: 'EXAMPLE.com.' })).toBe('acme')
  expect(tenantOf('acme.xn--mnchen-3ya.de', { root: 'm\u00fcnchen.de' })).toBe('acme')
})

test.each([
  '',
  ' ',
  '.example.com',
  '*.example.com',
  'https://example.com',
  'example.com:80',
  'example.com/x',
  'user@example.com',
  '%65xample.com',
  'a..b',
  '127.0.0.1',
  '2130706433',
  '[::1]',
  '::1',
])('the root %p is not a bare domain name', (root) => {
  expect(() => fromSubdomain({ root })).toThrow(ConfigError)
  expect(() => fromSubdomain({ root: ['example.com', root] })).toThrow(ConfigError)
})

test('whatever the host, a tenant that is found stands in front of the root', () => {
  const hosts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary' }).map((text) => `${text}.example.com`),
    fc.domain(),
  )
  fc.assert(
    fc.property(hosts, (host) => {
      const tenant = tenantOf(host)
      if (tenant === undefined) return
      expect(tenant).not.toMatch(/[.A-Z]/)
      expect(
        host.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).startsWith(`${tenant}.example.com`),
      ).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
