import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../src/cli/program'
import type { Finding } from '../../src/doctor/finding'
import { Town } from '../lifecycle/support'
import { SERVERS } from '../support/servers'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-doctor-')))
const config = join(folder, 'rowhouse.config.json')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function doctor(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const surroundings = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    ask: undefined,
  }
  const code = await runProgram(['--config', config, 'doctor', ...args], surroundings)
  return { code, out, err }
}

/** What is right or wrong with a server that is somebody's is not known here. */
const describeOwn = SERVERS.every(({ superuserUrl }) => superuserUrl !== undefined) ? describe : describe.skip

describeOwn.each(SERVERS)('rowhouse doctor on $name', (server) => {
  let town: Town
  beforeEach(async () => {
    town = await Town.open(server, `doctor ${expect.getState().currentTestName}`)
    await town.tenancy.create('acme')
  })
  afterEach(() => town.close())

  function configure(more: object = {}): void {
    const urls = { connectionString: server.appUrl, migrationUrl: server.ownerUrl }
    writeFileSync(config, JSON.stringify({ ...urls, prefix: town.prefix, ...more }))
  }

  test('without an error it exits with 0', async () => {
    configure()
    const { code, out } = await doctor()
    expect(code).toBe(0)
    expect(out).toMatch(
      /^0 errors, 0 warnings\n$|^warning: search-path-not-reported\n[^]*\n0 errors, 1 warning\n$/,
    )
    expect(JSON.parse((await doctor('--json')).out)).toHaveLength(server.version < 18 ? 1 : 0)
  })

  test('an error is told with reason and cure, in lines that a terminal has room for, and exits with 1', async () => {
    configure({ max: 500 })
    const { code, out, err } = await doctor()
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(out).toMatch(
      /^error: too-few-connections\n {2}One process may open 502 connections [^]*\n {2}-> Lower `max`/,
    )
    expect(out).toMatch(/\n\n1 error, \d warnings?\n$/)
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
    const json = await doctor('--json')
    const [finding] = JSON.parse(json.out) as Finding[]
    expect(json.code).toBe(1)
    expect(finding).toEqual({
      code: 'too-few-connections',
      severity: 'error',
      reason: expect.stringContaining('502'),
      cure: expect.any(String),
    })
  })

  test('a server that is not there is an error like any other', async () => {
    configure({ connectionString: 'postgres://nobody@127.0.0.1:1/x' })
    expect(await doctor()).toMatchObject({ code: 1, out: '', err: expect.stringContaining('ECONNREFUSED') })
  })
})
