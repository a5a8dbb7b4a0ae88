import { randomBytes } from 'node:crypto'
import { adminClient } from '../../support/servers'
import type { TestServer } from '../../support/servers'

/**
 * Lends a database of its own, with a role that owns it: as a reader of the pages has it, without other tenants, and with a
 * schema `public`.
 *
 * @param work - gets its URL
 */
export async function withDatabase(server: TestServer, work: (url: string) => Promise<void>): Promise<void> {
  const name = `own_${randomBytes(6).toString('hex')}`
  const admin = await adminClient(server)
  try {
    await admin.query(`create role ${name} login password '${name}'`)
    await admin.query(`create database ${name} owner ${name}`)
    const url = new URL(server.superuserUrl!)
    Object.assign(url, { username: name, password: name, pathname: `/${name}` })
    await work(url.href)
  } finally {
    await admin.query(`drop database if exists ${name} with (force)`)
    await admin.query(`drop role if exists ${name}`)
    await admin.end()
  }
}
