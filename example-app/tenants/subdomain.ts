/** Names of servers rather than of customers. */
const RESERVED: readonly string[] = ['www', 'admin', 'api', 'app', 'mail', 'static', 'status', 'support']

const MAX_LENGTH = 63

/** The subdomain that a name makes: `zoe-s-cafe` of "Zoë's Café". Empty where nothing of the name can be in one. */
export function subdomainOf(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{Mark}/gu, '')
  const words = plain.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return words.join('-').slice(0, MAX_LENGTH).replace(/-$/, '')
}

/** What is wrong with a subdomain, if anything is. The DNS has the same rules. */
export function problemOfSubdomain(subdomain: string): string | undefined {
  if (subdomain.length > MAX_LENGTH) return `should be at most ${MAX_LENGTH} characters`
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(subdomain))
    return 'should have letters from a to z and digits only, and single hyphens between them'
  return RESERVED.includes(subdomain) ? 'is reserved' : undefined
}
