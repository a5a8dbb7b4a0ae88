import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runProgram } from '../../src/cli/program'
import { WIDGETS } from '../support/migrations'
import { dropPrefix, SERVERS, uniquePrefix } from '../support/servers'
import type { TestServer } from '../support/servers'

/** A project folder with a config file, in which the CLI is run. */
class Project {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-cli-')))
  readonly migrations = join(this.path, 'tenant-migrations')
  readonly config = join(this.path, 'rowhouse.config.json')
  answers: string[] = []
  isTerminal = false

  constructor(
    readonly server: TestServer,
    readonly prefix: string,
  ) {
    this.writeConfig({
      connectionString: server.appUrl,
      migrationUrl: server.ownerUrl,
      prefix,
      migrations: this.migrations,
    })
  }

  writeConfig(config: object): void {
    writeFileSync(this.config, JSON.stringify(config))
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.migrations, name), text)
  }

  async run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', '']
    const code = await runProgram(['--config', this.config, ...args], {
      out: (text) => (out += text),
      err: (text) => (err += text),
      ask: this.isTerminal ? async () => this.answers.shift() ?? '' : undefined,
    })
    return { code, out, err }
  }

  async json(...args: string[]): Promise<unknown[]> {
    const { out } = await this.run('--json', ...args)
    return out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
  }

  async close(): Promise<void> {
    rmSync(this.path, { recursive: true, force: true })
    await dropPrefix(this.server, this.prefix)
  }
}

describe.each(SERVERS)('rowhouse on $name', (server) => {
  let project: Project
  afterEach(() => project.close())

  async function open(title: string, files: Readonly<Record<string, string>> = WIDGETS): Promise<Project> {
    project = new Project(server, uniquePrefix(title))
    await project.run('new', 'make_the_folder')
    for (const name of readdirSync(project.migrations)) rmSync(join(project.migrations, name))
    project.write(files)
    return project
  }

  test('the life of a tenant', async () => {
    await open('life')
    expect(await project.run('create', 'acme', 'beta')).toEqual({
      code: 0,
      out: 'acme: created, 2 migrations run\nbeta: created, 2 migrations run\n',
      err: '',
    })
    expect((await project.run('list')).out).toMatch(/tenant\s+schema\s+state\nacme .*active\nbeta .*active/)
    expect(
      await project.run('rollback', '--tenant', 'acme', '--to', '20200102000000', '--yes'),
    ).toMatchObject({
      code: 0,
      out: expect.stringContaining('acme: reverted 20200102000000'),
    })
    expect((await project.run('status')).out).toMatch(
      /acme .*20200101000000\s+1 .*\nbeta .*20200102000000\s+0/,
    )
    expect((await project.run('status', '--check')).code).toBe(4)
    expect(await project.run('migrate', '--all')).toMatchObject({
      code: 0,
      out: 'acme: applied 20200102000000\n1 migrated, 1 with nothing to do, 0 failed\n',
    })
    expect((await project.run('status', '--check')).code).toBe(0)
    expect(await project.run('drop', 'acme', '--confirm', 'acme')).toMatchObject({ code: 0 })
    expect((await project.run('list')).out).not.toContain('acme')
  })

  test('--json prints one line of JSON per result', async () => {
    await open('json')
    expect(await project.json('create', 'acme')).toEqual([
      {
        status: 'ok',
        tenant: 'acme',
        prefix: `${project.prefix}acme`,
        direction: 'up',
        versions: [20200101000000, 20200102000000],
        created: true,
      },
    ])
    expect(await project.json('list')).toEqual([
      [{ tenant: 'acme', prefix: `${project.prefix}acme`, state: 'active' }],
    ])
    expect(await project.json('migrate', '--all')).toEqual([
      { event: 'plan', direction: 'up', tenants: 1, todo: 0, groups: [] },
      { event: 'summary', status: 'ok', done: 0, idle: 1, failed: 0, notRun: 0 },
    ])
  })

  test('a failing tenant is named with its migration, the others go on, and the exit code is 1', async () => {
    await open('failing')
    await project.run('create', 'a', 'b', '--no-migrate')
    project.write({
      '20200103000000_bad.js':
        "exports.up = async (pgm) => { const r = await pgm.db.query('select current_schema() s'); if (r.rows[0].s.endsWith('a')) pgm.sql('select 1/0') }; exports.down = false",
    })
    const refused = await project.run('migrate', '--all')
    expect(refused).toMatchObject({
      code: 3,
      out: expect.stringMatching(
        /^tenant .*\na .*22012.*\n0 migrated, 0 with nothing to do, 1 failed, 1 not run\n$/,
      ),
    })
    expect(refused.err).toContain('stopped: the first tenant failed, so no other was touched')
    expect(refused.err).toMatch(/To go on, say it again: rowhouse --config \S+ migrate --all\n$/)
    const { code, out, err } = await project.run('migrate', '--all', '--canary', '0')
    expect(code).toBe(1)
    expect(err).toMatch(
      /error: Migration 20200103000000_bad \(up\) failed for tenant "a".*division by zero.*22012/,
    )
    expect(out).toContain('1 migrated, 0 with nothing to do, 1 failed')
  })

  test('new needs no database, which a new project may not have yet', async () => {
    await open('new without a database')
    project.writeConfig({ migrations: project.migrations })
    const { DATABASE_URL: given, ...rest } = process.env
    process.env = rest
    try {
      expect((await project.run('new', 'first')).code).toBe(0)
      expect(await project.run('list')).toMatchObject({
        code: 2,
        err: expect.stringContaining('DATABASE_URL'),
      })
    } finally {
      if (given !== undefined) process.env.DATABASE_URL = given
    }
  })

  test('new writes a migration, and says where', async () => {
    await open('new')
    const { code, out } = await project.run('new', 'CreateUsers', '--sql')
    expect(code).toBe(0)
    expect(out.trim()).toMatch(/tenant-migrations\/20\d{12}_create_users\.sql$/)
    expect(existsSync(out.trim())).toBe(true)
  })

  test('drop asks for the name on a terminal, and refuses where nobody can be asked', async () => {
    await open('drop')
    await project.run('create', 'acme')
    expect(await project.run('drop', 'acme')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--confirm acme'),
    })
    project.isTerminal = true
    project.answers = ['acm']
    expect(await project.run('drop', 'acme')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Nothing was dropped'),
    })
    expect((await project.run('list')).out).toContain('acme')
    project.answers = ['acme']
    expect(await project.run('drop', 'acme')).toMatchObject({ code: 0 })
  })

  test.each([[['acme']], [['acme', '--to', '20200101000000']], [['--all']]])(
    'rollback %j asks first',
    async (args) => {
      await open('ask')
      await project.run('create', 'acme')
      expect(await project.run('rollback', ...args)).toMatchObject({
        code: 2,
        err: expect.stringContaining('--yes'),
      })
      project.isTerminal = true
      project.answers = ['no']
      expect(await project.run('rollback', ...args)).toMatchObject({ code: 2 })
      expect((await project.run('status')).out).toMatch(/acme .*20200102000000\s+0/)
      project.answers = ['yes']
      expect(await project.run('rollback', ...args)).toMatchObject({ code: 0 })
    },
  )

  test('a rollback of everything', async () => {
    await open('everything')
    await project.run('create', 'acme')
    expect(await project.run('rollback', '--all', '--everything', '--yes')).toMatchObject({
      code: 0,
      out: expect.stringContaining('reverted 20200102000000, 20200101000000'),
    })
  })

  test.each([
    [['migrate'], /Name the tenants, or say --all/],
    [['migrate', 'acme', '--all'], /not both/],
    [['migrate', 'acme', '--to', '2020'], /14 digits/],
    [['migrate', 'acme', '--steps', '0'], /whole number from 1/],
    [['migrate', 'acme', '--to', '20200101000000', '--steps', '1'], /cannot be used with/],
    [['rollback', 'acme', '--steps', '1', '--everything'], /cannot be used with/],
    [['create'], /missing required argument/],
    [['nonsense'], /unknown command/],
    [['create', 'acme', '--if-exists', 'maybe'], /"migrate" or "error"/],
  ])('%j is wrong usage', async (args, message) => {
    await open('usage')
    const { code, err } = await project.run(...args)
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })

  test('a hostile id is refused', async () => {
    await open('hostile')
    expect(await project.run('create', "a'; drop schema public")).toMatchObject({
      code: 1,
      err: expect.stringContaining('ROWHOUSE_TENANT_ID_INVALID'),
    })
  })

  test('an unreachable database is told without its password', async () => {
    await open('unreachable')
    project.writeConfig({
      connectionString: 'postgres://me:secret@127.0.0.1:1/x',
      prefix: project.prefix,
      migrations: project.migrations,
    })
    const { code, err } = await project.run('list')
    expect(code).toBe(1)
    expect(err).toMatch(/ECONNREFUSED/)
    expect(err).not.toContain('secret')
  })
})

describe('the configuration', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-config-')))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function run(config: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', '']
    const code = await runProgram(['--config', join(folder, config), ...args], {
      out: (text) => (out += text),
      err: (text) => (err += text),
      ask: undefined,
    })
    return { code, out, err }
  }

  test('a TypeScript file may export options or a tenancy', async () => {
    const src = join(__dirname, '../../src')
    const url = SERVERS[0]!.appUrl
    const engine = `postgres({ connectionString: ${JSON.stringify(url)} })`
    writeFileSync(
      join(folder, 'options.config.ts'),
      `import { postgres } from '${src}/postgres/index'\nexport default { engine: ${engine}, prefix: 'cli_options_' as string }\n`,
    )
    writeFileSync(
      join(folder, 'tenancy.config.ts'),
      `import { createTenancy } from '${src}/index'\nimport { postgres } from '${src}/postgres/index'\nexport default createTenancy({ engine: ${engine}, prefix: 'cli_tenancy_' })\n`,
    )
    for (const file of ['options.config.ts', 'tenancy.config.ts']) {
      // A process of its own, as users have it: Jest lets no module be imported from within one that it has loaded.
      const main = join(src, 'cli/main.ts')
      const run = promisify(execFile)(process.execPath, [
        '--import',
        'tsx',
        main,
        '--config',
        join(folder, file),
        'list',
      ])
      expect(await run).toEqual({ stdout: 'none\n', stderr: '' })
    }
  }, 120_000)

  beforeAll(() => writeFileSync(join(folder, 'broken.json'), '{ "prefix": '))

  test.each([
    ['a file that is not there', 'gone.json', undefined, /There is no config file/],
    ['a file that is no JSON', 'broken.json', undefined, /broken.json can't be read/],
    ['an unknown engine', 'engine.json', { engine: 'oracle' }, /"oracle".*Known: "postgres"/],
    [
      'a bad prefix',
      'prefix.json',
      { connectionString: 'postgres://localhost/x', prefix: 'A b' },
      /`prefix`/,
    ],
    ['no object', 'text.json', 'text', /must export a tenancy or its options/],
  ])('%s is told', async (_what, file, content, message) => {
    if (content !== undefined) writeFileSync(join(folder, file), JSON.stringify(content))
    expect(await run(file, 'list')).toMatchObject({ code: 2, err: expect.stringMatching(message) })
  })

  test.each(['prefx', 'conectionString', 'uri', 'Prefix'])(
    'a key %s that nobody reads is refused, and nothing is done',
    async (key) => {
      const config = { connectionString: 'postgres://localhost/x', prefix: 'tenant_', [key]: 'tenant_' }
      writeFileSync(join(folder, 'unknown.json'), JSON.stringify(config))
      expect(await run('unknown.json', 'list')).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining(`the key "${key}", which is not known`) as string,
      })
    },
  )

  test('without anything to connect to, the ways to say it are named', async () => {
    writeFileSync(join(folder, 'empty.json'), '{}')
    const { DATABASE_URL } = process.env
    delete process.env.DATABASE_URL
    try {
      expect(await run('empty.json', 'list')).toMatchObject({
        code: 2,
        err: expect.stringMatching(/rowhouse\.config\.ts.*DATABASE_URL/),
      })
    } finally {
      if (DATABASE_URL !== undefined) process.env.DATABASE_URL = DATABASE_URL
    }
  })

  test('help and version are no errors', async () => {
    expect(await run('x', '--help')).toMatchObject({ code: 0, out: expect.stringContaining('rollback') })
    expect(await run('x', '--version')).toMatchObject({ code: 0, out: '0.1.0\n' })
  })
})
