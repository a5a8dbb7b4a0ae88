import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { provideNode } from '../../scripts/node-versions/provide'
import { linkModules, packRowhouse } from '../support/packed'
import { SERVERS } from '../support/servers'
import { withDatabase } from './support/own-database'
import { startProcess } from './support/process'

jest.setTimeout(120_000)

const root = join(__dirname, '../..')
const server = SERVERS[0]!
const project = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-example-')))

beforeAll(() => {
  mkdirSync(join(project, 'packed'))
  linkModules(project, packRowhouse(join(project, 'packed')).tarball)
  for (const folder of ['example-app', 'scripts', 'tenant-migrations'])
    cpSync(join(root, folder), join(project, folder), { recursive: true })
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

/** Asks the example for JSON. */
async function ask(url: string, body?: object): Promise<{ status: number; json: any }> {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, json: await response.json() }
}

/** Nobody may make a database on a server that is somebody's. */
const onOwnServer = server.superuserUrl === undefined ? test.skip : test

onOwnServer.each([20, 22, 24])('the example runs with the released package on Node %i', async (major) => {
  await withDatabase(server, async (url) => {
    const example = await startProcess({
      program: provideNode(major),
      args: [join(project, 'node_modules/tsx/dist/cli.mjs'), 'example-app/main.ts'],
      cwd: project,
      env: {
        ...process.env,
        DATABASE_URL: url,
        OWNER_URL: url,
        ENGINE: 'postgres',
        PORT: '0',
        NODE_OPTIONS: '',
      },
      ready: /http:\/\/127\.0\.0\.1:\d+/,
    })
    try {
      const [site] = /http:\/\/127\.0\.0\.1:\d+/.exec(example.output())!
      const made: number[] = []
      for (const name of ['Acme', 'Globex']) {
        const { status, json } = await ask(`${site}/tenants`, { tenant: { name } })
        expect(status).toBe(201)
        made.push((json as { tenant: { id: number } }).tenant.id)
      }
      const [acme, globex] = made.map((id) => `${site}/tenants/${id}/widgets`)
      expect((await ask(acme!, { widget: { name: 'bolt' } })).status).toBe(201)
      expect((await ask(acme!)).json).toMatchObject({ widgets: [{ name: 'bolt' }] })
      expect((await ask(globex!)).json).toEqual({ widgets: [] })
    } finally {
      await example.end()
    }
  })
})
