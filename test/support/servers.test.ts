import { Client } from 'pg'
import { expectNoConnections } from './leak-guard'
import { adminClient, dropPrefix, SERVERS, uniquePrefix, withOwner } from './servers'

test('a run without a server of its own has both, the newest and the oldest supported', () => {
  const expected = process.env.DATABASE_URL ? [expect.any(String)] : ['PostgreSQL 18', 'PostgreSQL 15']
  expect(SERVERS.map(({ name }) => name)).toEqual(expected)
})

test('a prefix belongs to one title, and none is the beginning of another one', () => {
  const prefixes = ['a title', 'a title ', 'another title'].map(uniquePrefix)
  expect(uniquePrefix('a title')).toBe(prefixes[0])
  for (const prefix of prefixes) {
    expect(prefix).toMatch(/^[a-z][a-z0-9_]*$/)
    expect(prefix.length).toBeLessThanOrEqual(20)
    expect(prefixes.filter((other) => other.startsWith(prefix))).toEqual([prefix])
  }
})

describe.each(SERVERS)('$name', (server) => {
  test('is of the version that its name says', async () => {
    const { rows } = await withOwner(server, (client) => client.query('show server_version_num'))
    expect(Math.floor(Number(rows[0].server_version_num) / 10_000)).toBe(server.version)
  })

  test('dropPrefix takes the prefix literally', async () => {
    const prefix = uniquePrefix('literal')
    // For LIKE the "_" at the end of the prefix would be any character, here the "x".
    const other = `${prefix.slice(0, -1)}xacme`
    const names = [`${prefix}acme`, `${prefix}Mixed"Case`, other]
    const left = () =>
      withOwner(server, (client) =>
        client.query('select nspname from pg_namespace where nspname = any($1)', [names]),
      )
    await withOwner(server, async (client) => {
      for (const name of names) await client.query(`create schema ${client.escapeIdentifier(name)}`)
    })
    await dropPrefix(server, prefix)
    expect((await left()).rows).toEqual([{ nspname: other }])
    await dropPrefix(server, other)
    expect((await left()).rows).toEqual([])
    await expect(dropPrefix(server, '')).rejects.toThrow('empty prefix')
  })

  test('expectNoConnections names a connection that stays open, and waits for one that is closing', async () => {
    const applicationName = uniquePrefix('leak')
    const client = new Client({ connectionString: server.appUrl, application_name: applicationName })
    await client.connect()
    await expect(expectNoConnections(server, applicationName, 50)).rejects.toThrow(
      new RegExp(`^1 connections of "${applicationName}" are still open`),
    )
    const closing = client.end()
    await expectNoConnections(server, applicationName)
    await closing
  })

  test('adminClient sees the connections of every role', async () => {
    const client = await adminClient(server)
    const { rows } = await client.query(
      'select application_name from pg_stat_activity where pid = pg_backend_pid()',
    )
    expect(rows).toEqual([{ application_name: 'rowhouse test admin' }])
    await client.end()
  })
})
