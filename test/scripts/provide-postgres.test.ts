import { inspect } from 'node:util'
import { providePostgres } from '../../scripts/embedded-postgres/provide'
import { SERVERS, withOwner } from '../support/servers'

const environment = { ...process.env }
const server = SERVERS[0]!

afterEach(() => {
  process.env = { ...environment }
})

test('DATABASE_URL and OWNER_URL name the server to use, and stop() leaves it alone', async () => {
  Object.assign(process.env, { DATABASE_URL: server.appUrl, OWNER_URL: server.ownerUrl })
  const provided = await providePostgres()
  expect(provided).toMatchObject({
    version: server.version,
    appUrl: server.appUrl,
    ownerUrl: server.ownerUrl,
  })
  expect(provided.port).toBe(Number(new URL(server.appUrl).port || 5432))
  await provided.stop()
  expect(await withOwner(server, async (client) => (await client.query('select 1')).rowCount)).toBe(1)
})

test('without OWNER_URL the application role is the owner', async () => {
  delete process.env.OWNER_URL
  process.env.DATABASE_URL = server.ownerUrl
  expect(await providePostgres()).toMatchObject({ appUrl: server.ownerUrl, ownerUrl: server.ownerUrl })
})

test.each(['DATABASE_URL', 'OWNER_URL'])(
  'an unreachable %s is named by host and port, not by password',
  async (name) => {
    Object.assign(process.env, {
      DATABASE_URL: server.appUrl,
      [name]: 'postgres://app:s3cret@127.0.0.1:1/rowhouse',
    })
    const error = await providePostgres().catch((error: Error) => error)
    expect(error).toMatchObject({
      message: expect.stringMatching(`^${name} .* 127.0.0.1:1 can't be used: .*ECONNREFUSED`),
    })
    expect(inspect(error)).not.toContain('s3cret')
  },
)

test('a wrong role or password is told without it', async () => {
  const url = new URL(server.appUrl)
  Object.assign(url, { username: 'nobody_here', password: 's3cret' })
  process.env.DATABASE_URL = url.href
  const error = await providePostgres().catch((error: Error) => error)
  expect(error).toMatchObject({ message: expect.stringContaining('nobody_here') })
  expect(inspect(error)).not.toContain('s3cret')
})

test('a DATABASE_URL that is not a URL is refused without repeating it', async () => {
  process.env.DATABASE_URL = 'postgres://app:s3cret@127.0.0.1:port/rowhouse'
  const error = await providePostgres().catch((error: Error) => error)
  expect(error).toMatchObject({ message: expect.stringMatching(/^DATABASE_URL is not a URL such as/) })
  expect(inspect(error)).not.toContain('s3cret')
})
