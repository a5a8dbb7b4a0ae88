import { join, resolve, sep, win32 } from 'node:path'
import * as fc from 'fast-check'
import { RowhouseError, TenantIdError, TenantRequiredError } from '../../src/errors'
import { tenantPath } from '../../src/keys/tenant-path'
import { postgres } from '../../src/postgres/postgres'
import { TenantPathError } from '../../src/run-errors'
import { createTenancy } from '../../src/tenancy'

const ROOT = resolve('/srv/uploads')
const tenancy = createTenancy({ engine: postgres({ connectionString: 'postgres://nobody@127.0.0.1:1/x' }) })

test('a path is in the folder of its tenant', () => {
  expect(tenantPath(ROOT, 'acme', 'avatars', '1.png')).toBe(join(ROOT, 'tenant_acme/avatars/1.png'))
  expect(tenantPath(ROOT, 'acme', 'avatars/IMG 1 (é).PNG')).toBe(
    join(ROOT, 'tenant_acme/avatars/IMG 1 (é).PNG'),
  )
  expect(tenantPath(ROOT, 'acme')).toBe(join(ROOT, 'tenant_acme'))
  expect(tenantPath(ROOT, 'acme', '...a', '.hidden', 'a..b')).toBe(
    join(ROOT, 'tenant_acme/...a/.hidden/a..b'),
  )
})

test.each([
  ['the folder above', '..'],
  ['a way up and down', '../tenant_globex/secret'],
  ['a way up in the middle', 'a/../../tenant_globex'],
  ['this folder', '.'],
  ['an absolute path', '/etc/passwd'],
  ['nothing', ''],
  ['a double slash', 'a//b'],
  ['a slash at the end', 'a/'],
  ['NUL', 'a\0.png'],
  ['a line end', 'a\nb'],
  ['a backslash', '..\\tenant_globex'],
  ['a drive', 'C:'],
  ['a drive with a path', 'c:/windows'],
  ['a stream of NTFS', 'a.png:hidden'],
  ['a dot at the end', 'a.png.'],
  ['a blank at the end', 'a.png '],
  ['three dots', '...'],
  ['dots and a blank', '.. '],
  ['a device', 'NUL'],
  ['a device with an ending', 'com1.txt'],
  ['a device with a blank and an ending', 'aux .txt'],
  ['a device with a superscript', 'COM\u00b9'],
  ['half a surrogate pair', '\ud800'],
  ['256 bytes', 'a'.repeat(256)],
  ['a million letters', 'a'.repeat(1_000_000)],
])('a part with %s is refused', (_what, part) => {
  for (const parts of [[part], ['a', part], [part, 'a'], [`a/${part}`]])
    expect(() => tenantPath(ROOT, 'acme', ...parts)).toThrow(TenantPathError)
})

test('what is no text is refused, and so is a root that is none', () => {
  for (const part of [undefined, null, 7, ['..'], { toString: () => '..' }, Buffer.from('..')])
    expect(() => tenantPath(ROOT, 'acme', part as never)).toThrow(TenantPathError)
  for (const root of ['', 'a\0', undefined, 7])
    expect(() => tenantPath(root as never, 'acme')).toThrow(TenantPathError)
  for (const id of ['', 'a\0', 'public', ['acme']])
    expect(() => tenantPath(ROOT, id as never)).toThrow(TenantIdError)
})

test('a refusal has status 400, its tenant, and a message of bounded length', () => {
  expect.assertions(2)
  try {
    tenantPath(ROOT, 'acme', `${'a'.repeat(1_000_000)}.`)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ROWHOUSE_TENANT_PATH', status: 400, tenant: 'acme' })
    expect((error as Error).message.length).toBeLessThan(500)
  }
})

const piece = fc.constantFrom(
  'a',
  'B',
  '.',
  '..',
  '/',
  '\\',
  '\0',
  ':',
  ' ',
  'con',
  '%',
  '2e',
  'ä',
  '\u0308',
  'tenant_',
  '-',
  '~1',
)
const text = fc.oneof(
  fc.array(piece).map((all) => all.join('')),
  fc.string({ unit: 'binary' }),
)

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof RowhouseError) return undefined
    throw error
  }
}

test('whatever the parts are, the path stays in its folder, on Windows, too', () => {
  let taken = 0
  fc.assert(
    fc.property(text, fc.array(text, { maxLength: 4 }), (id, parts) => {
      const path = attempt(() => tenantPath(ROOT, id, ...parts))
      if (path === undefined) return
      taken++
      const folder = tenantPath(ROOT, id)
      expect(parts.length === 0 ? path === folder : resolve(path).startsWith(folder + sep)).toBe(true)
      const name = folder.slice(ROOT.length + 1)
      const inWindows = win32.resolve('D:\\uploads', ...path.slice(ROOT.length + 1).split('/'))
      expect(inWindows === `D:\\uploads\\${name}` || inWindows.startsWith(`D:\\uploads\\${name}\\`)).toBe(
        true,
      )
    }),
    { numRuns: 3000 },
  )
  expect(taken).toBeGreaterThan(300)
})

/** What a careless file system makes of a name: one case, one normal form, no dots and blanks at the end. */
const folded = (name: string): string =>
  name
    .normalize('NFKC')
    .toUpperCase()
    .toLowerCase()
    .replace(/[. ]+$/, '')

test('two tenants never have one folder, also where case and accents are one', () => {
  const folder = (id: string) => attempt(() => tenantPath(ROOT, id))
  fc.assert(
    fc.property(text, text, (one, other) => {
      const [a, b] = [folder(one), folder(other)]
      if (a === undefined || b === undefined || one === other) return
      expect(folded(a)).not.toBe(folded(b))
    }),
    { numRuns: 3000 },
  )
  expect(folder('Acme')).not.toBe(folder('acme'))
  expect(folded(folder('Acme')!)).not.toBe(folded(folder('acme')!))
  expect(folder('a.')).toBe(join(ROOT, 'tenant_a%2e'))
  expect(folder('con')).toBe(join(ROOT, 'tenant_con'))
  expect(folder('é'.repeat(100))).toBeUndefined()
})

test('tenancy.path is in the folder of the current tenant, and there is none without', () => {
  expect(tenancy.run('acme', () => tenancy.path(ROOT, 'a.png'))).toBe(join(ROOT, 'tenant_acme/a.png'))
  expect(() => tenancy.path(ROOT, 'a.png')).toThrow(TenantRequiredError)
  expect(() => tenancy.run('acme', () => tenancy.path(ROOT, '..', 'tenant_globex'))).toThrow(TenantPathError)
})
