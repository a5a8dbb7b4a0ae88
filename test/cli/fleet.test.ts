import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../src/cli/program'
import type { Surroundings } from '../../src/cli/program'
import { postgres } from '../../src/postgres/postgres'
import { createTenancy } from '../../src/tenancy'
import { dropPrefix, SERVERS, uniquePrefix } from '../support/servers'

jest.setTimeout(60_000)

const server = SERVERS[0]!
const IDS = ['a', 'b', 'c', 'd']
const LATE = '20200102000000'

describe('rowhouse migrate over a fleet', () => {
  let folder: string
  let prefix: string
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rowhouse-fleet-'))
    prefix = uniquePrefix('cli fleet')
    write('20200101000000_first.sql', 'create table first (id int)')
    writeFileSync(
      join(folder, 'rowhouse.config.json'),
      JSON.stringify({
        connectionString: server.appUrl,
        migrationUrl: server.ownerUrl,
        prefix,
        migrations: folder,
      }),
    )
    const engine = postgres({ connectionString: server.appUrl, migrationUrl: server.ownerUrl })
    const tenancy = createTenancy({ engine, prefix, migrations: folder })
    for (const id of IDS) await tenancy.create(id)
    await tenancy.close()
  })
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true })
    await dropPrefix(server, prefix)
  })

  function write(name: string, text: string): void {
    writeFileSync(join(folder, name), text)
  }

  async function run(
    args: readonly string[],
    surroundings: Partial<Surroundings> = {},
  ): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', '']
    const code = await runProgram(['--config', join(folder, 'rowhouse.config.json'), ...args], {
      out: (text) => (out += text),
      err: (text) => (err += text),
      ask: undefined,
      ...surroundings,
    })
    return { code, out, err }
  }
  const json = (out: string): any[] =>
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))

  test('--json tells plan, rehearsal, each tenant and the sum, one event in a line', async () => {
    write(`${LATE}_late.sql`, 'create table late (id int)')
    const { code, out } = await run(['--json', 'migrate', '--all'])
    expect(code).toBe(0)
    const events = json(out)
    expect(events.map(({ event }) => event)).toEqual([
      'plan',
      'rehearsed',
      ...IDS.map(() => 'done'),
      'summary',
    ])
    expect(events[0]).toMatchObject({ tenants: 4, todo: 4, groups: [{ migrations: [`${LATE}_late`] }] })
    expect(events[2]).toMatchObject({
      tenant: 'a',
      versions: [Number(LATE)],
      tries: 1,
      ms: expect.any(Number),
    })
    expect(events.at(-1)).toEqual({ event: 'summary', status: 'ok', done: 4, idle: 0, failed: 0, notRun: 0 })
  })

  test('a migration that must not run changes nothing: exit code 3', async () => {
    write(`${LATE}_late.sql`, 'create extension citext')
    expect(await run(['migrate', '--all'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('extension'),
    })
    write(`${LATE}_late.sql`, 'select * from nowhere')
    const { code, err } = await run(['migrate', '--all'])
    expect([code, err]).toEqual([3, expect.stringMatching(/statement 1, line 1.*No tenant was touched/)])
    expect((await run(['migrate', '--all', '--no-rehearse'])).code).toBe(3)
    expect((await run(['migrate', '--all', '--to', '20990101000000'])).code).toBe(2)
  })

  test('some tenants, from a list or a file', async () => {
    write(`${LATE}_late.sql`, 'create table late (id int)')
    const list = join(folder, 'tenants.txt')
    writeFileSync(list, '# the first ones\na\n\nb # and this one\n')
    expect(await run(['migrate', '--tenants-file', list])).toMatchObject({
      code: 0,
      out: `a: applied ${LATE}\nb: applied ${LATE}\n2 migrated, 0 with nothing to do, 0 failed\n`,
    })
    expect((await run(['migrate', '--tenants', 'b,c'])).out).toBe(
      `c: applied ${LATE}\n1 migrated, 1 with nothing to do, 0 failed\n`,
    )
    expect(await run(['migrate', '--tenants-file', join(folder, 'none')])).toMatchObject({ code: 2 })
    expect(await run(['migrate', '--tenants', 'a', '--all'])).toMatchObject({ code: 2 })
  })

  test('--dry-run tells it, with --sql also what would be sent, and writes nothing', async () => {
    write(`${LATE}_late.sql`, 'create table late (id int)')
    const dry = await run(['migrate', '--all', '--dry-run', '--sql'])
    expect(dry.code).toBe(0)
    expect(dry.out).toMatch(
      /^4 at 20200101000000: 20200102000000_late\n-- .*\ncreate table late \(id int\);\n4 tenants/,
    )
    write(
      `${LATE}_late.sql`,
      '-- Up Migration\ncreate table late (id int);\n-- Down Migration\ndrop table late;\n',
    )
    expect((await run(['migrate', '--all', '--dry-run', '--sql'])).out).toContain(
      `-- ${LATE}_late\n-- Up Migration\ncreate table late (id int);\n4 tenants`,
    )
    const [plan] = json((await run(['--json', 'migrate', '--all', '--dry-run'])).out)
    expect(plan).toMatchObject({ tenants: 4, atHead: 0, groups: [{ tenants: IDS }] })
    expect(plan.groups[0]).not.toHaveProperty('sql')
    expect((await run(['--json', 'migrate', '--all'])).out).toContain('"done":4')
  })

  test('many failures stop it, and the command to go on is shown', async () => {
    write(
      `${LATE}_late.js`,
      "exports.up = async (pgm) => { const [{ s }] = await pgm.db.select('select current_schema() s'); if (/_[bcd]$/.test(s)) pgm.sql('select 1/0') }; exports.down = false",
    )
    const { code, out, err } = await run(['migrate', '--all', '--max-failures', '2', '--concurrency', '1'])
    expect(code).toBe(1)
    expect(out.replace(/ +/g, ' ').split('\n')).toEqual([
      `a: applied ${LATE}`,
      'tenant migration statement line code kept',
      `b ${LATE}_late 1 - 22012 -`,
      `c ${LATE}_late 1 - 22012 -`,
      '1 migrated, 0 with nothing to do, 2 failed, 1 not run',
      '',
    ])
    expect(err).toContain('stopped: too many tenants failed (--max-failures)')
    expect(err).toMatch(/say it again: rowhouse .*migrate --all --max-failures 2 --concurrency 1\n$/)
    expect((await run(['migrate', '--all', '--max-failures', '0', '--canary', '0'])).out).toContain(
      '0 migrated, 1 with nothing to do, 3 failed\n',
    )
  })

  test.each(['--concurrency=0', '--canary=-1', '--lock-timeout=soon', '--retries=x', '--statement-timeout='])(
    'wrong usage: %s',
    async (flag) => expect((await run(['migrate', '--all', flag])).code).toBe(2),
  )

  test('Ctrl-C finishes the tenants in hand, reports the rest and exits with 130', async () => {
    write(`${LATE}_late.sql`, 'create table late (id int); select pg_sleep(0.5)')
    const child = spawn(
      process.execPath,
      [
        ...['--import', 'tsx', join(__dirname, '../../src/cli/main.ts'), '--json'],
        ...['--config', join(folder, 'rowhouse.config.json')],
        ...['migrate', '--all', '--concurrency', '1', '--no-rehearse'],
      ],
      { cwd: join(__dirname, '../..'), stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      if (out === '') child.kill('SIGINT')
      out += chunk.toString()
    })
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(130)
    const events = json(out)
    expect(events.at(-1)).toMatchObject({
      stopped: 'aborted',
      failed: 0,
      resume: expect.stringContaining('--all'),
    })
    const { done, notRun } = events.at(-1) as { done: number; notRun: number }
    expect(done + notRun).toBe(4)
    expect(notRun).toBeGreaterThan(0)
    expect((await run(['migrate', '--all'])).out).toContain(
      `${notRun} migrated, ${done} with nothing to do, 0 failed`,
    )
  })
})
