import type { Socket } from 'node:net'
import type { PoolClient } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { SERVERS } from '../support/servers'
import { Houses } from './support/houses'

const LONG = 'copy (select n, repeat($$x$$, 100) from generate_series(1, 100000) n) to stdout'

describe.each(SERVERS)('on $name', (server) => {
  const houses = new Houses(server, `copy ${server.version}`)
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  test('a COPY that is read half way, and left at the release, blocks no other tenant', async () => {
    const pool = houses.pool()
    const client = await houses.in('a', () => pool.connect())
    const { stream: socket } = (client as PoolClient & { connection: { stream: Socket } }).connection
    try {
      for await (const _chunk of client.query(copyTo(LONG))) break
      client.release()
      expect(await houses.nameOfB(pool)).toBe('b-1')
    } finally {
      socket.destroy()
    }
  })
})
