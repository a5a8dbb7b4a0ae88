import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { provideNode } from '../../scripts/node-versions/provide'
import { findFreePort } from '../../scripts/server-keeper/free-port'
import { linkModules, packRowhouse } from '../support/packed'
import { adminClient, SERVERS } from '../support/servers'
import { blocksOf } from './support/guide'
import { Reader } from './support/reader'

jest.setTimeout(300_000)

/*
 * docs/quick-start.md, done by somebody who has read nothing else, with the package as it is released: every command is
 * typed, every file written, every change applied, and what the page shows is what is seen.
 */
const server = SERVERS[0]!
const home = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-walkthrough-')))
const blocks = blocksOf('quick-start.md')
let tarball: string

beforeAll(() => {
  tarball = packRowhouse(join(home, 'packed')).tarball
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** A database of one's own: a reader has no other tenants, and a schema `public`. */
async function withDatabase(work: (url: string) => Promise<void>): Promise<void> {
  const name = `walk_${randomBytes(6).toString('hex')}`
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

test('the page begins with an app of about 50 lines, and changes a handful of them', () => {
  const app = blocks.find(({ kind }) => kind === 'js')!.text
  expect(app.trim().split('\n').length).toBeLessThanOrEqual(52)
  const changed = blocks.filter(({ kind }) => kind === 'diff').flatMap(({ text }) => text.split('\n'))
  expect(changed.filter((line) => /^[+-](?![+-])/.test(line)).length).toBeLessThanOrEqual(6)
})

/** Nobody has a superuser on a server that is somebody's. */
const onOwnServer = server.superuserUrl === undefined ? test.skip : test

onOwnServer.each([20, 22, 24])(
  'who follows it on Node %i ends with an app of many tenants',
  async (major) => {
    const node = provideNode(major)
    const folder = join(home, String(major))
    mkdirSync(folder)
    const manifest = { name: 'notes', private: true, dependencies: { express: '^5.0.0', pg: '^8.20.0' } }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2))
    await withDatabase(async (databaseUrl) => {
      const reader = new Reader({ folder, databaseUrl, node, tarball })
      try {
        for (const block of blocks) await reader.follow(block)
      } finally {
        await reader.close()
      }
    })
  },
)

/** The blocks of the README, in which one writes a file and types two lines. */
const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8')

onOwnServer('the first block of the README answers as the line below it says', async () => {
  const folder = join(home, 'readme')
  mkdirSync(join(folder, 'tenant-migrations'), { recursive: true })
  linkModules(folder, tarball)
  const port = await findFreePort('127.0.0.1')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!
  expect(code).toContain('app.listen(3000)')
  writeFileSync(
    join(folder, 'app.ts'),
    code.replace('app.listen(3000)', `app.listen(${port}, () => console.log('up'))`),
  )
  expect(readme).toContain('npx tsx app.ts      # curl localhost:3000/tenants/acme/tables')
  await withDatabase(async (url) => {
    const tsx = join(folder, 'node_modules/tsx/dist/cli.mjs')
    const app = spawn(process.execPath, [tsx, 'app.ts'], {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: url, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await once(app.stdout, 'data')
      const response = await fetch(`http://127.0.0.1:${port}/tenants/acme/tables`)
      expect(await response.json()).toEqual([{ current_schema: 'tenant_acme' }])
      expect((await fetch(`http://127.0.0.1:${port}/tenants/nobody/tables`)).status).toBe(404)
    } finally {
      const ended = once(app, 'exit')
      app.kill()
      await ended
    }
  })
})
