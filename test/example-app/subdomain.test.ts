import { problemOfSubdomain, subdomainOf } from '../../example-app/tenants/subdomain'

test.each([
  ['Acme', 'acme'],
  ["Zoë's Café", 'zoe-s-cafe'],
  ['  Smith & Sons, Ltd.  ', 'smith-sons-ltd'],
  ['ＡＣＭＥ', 'acme'],
  ['<script>alert(1)</script>', 'script-alert-1-script'],
  ["'; drop schema public --", 'drop-schema-public'],
  ['../../etc/passwd', 'etc-passwd'],
  ['xn--80ak6aa92e', 'xn-80ak6aa92e'],
  ['🏠 東京', ''],
  [`${'a'.repeat(62)} b`, 'a'.repeat(62)],
  ['a'.repeat(70), 'a'.repeat(63)],
])('the name %j makes the subdomain %j', (name, subdomain) => {
  expect(subdomainOf(name)).toBe(subdomain)
  if (subdomain !== '') expect(problemOfSubdomain(subdomain)).toBeUndefined()
})

test.each([
  '',
  '-a',
  'a-',
  'a--b',
  'a.b',
  'a_b',
  'ä',
  'A',
  'a b',
  'xn--a',
  'a\n',
  "a'",
  'a'.repeat(64),
  'www',
  'admin',
])('%j is no subdomain of a tenant', (subdomain) =>
  expect(problemOfSubdomain(subdomain)).toMatch(/^(should|is reserved)/),
)
