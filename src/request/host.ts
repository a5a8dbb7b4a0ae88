import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { PlainRequest } from './request-like'

/** The host a request is for, in lower case, without port and without the dot that may end a full domain name. */
export function hostOf({ hostname, headers }: PlainRequest): string {
  const host = hostname ?? headers['host'] ?? headers[':authority']
  return typeof host === 'string' ? bareHost(host) : ''
}

/** `Acme.com.:8080` is `acme.com`. */
export function bareHost(host: string): string {
  return lowerCase(host).replace(/:\d*$/, '').replace(/\.$/, '')
}

/** Hosts are case-insensitive in ASCII only; `toLowerCase` would also make the Kelvin sign a "k". */
export function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Whether this is a domain name in the form that a browser sends: ASCII, lower case, and no IP address. */
export function isDomain(host: string): boolean {
  // No name on the Internet is longer.
  return host.length <= 253 && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host) && isIP(host) === 0
}

/** A domain that somebody configured, in the form that a browser sends; undefined for what is none. */
export function parseDomain(text: string): string | undefined {
  // The function is lenient: it unescapes, cuts paths off, and reads numbers as IP addresses, hence the checks around it.
  const domain = /[\s/:@%?#\\]/.test(text) ? '' : domainToASCII(text).replace(/\.$/, '')
  return isDomain(domain) ? domain : undefined
}
