import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../src/cli/program'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

const FIRST = '20200101000000_first.sql'
const SECOND = '20200102000000_second.sql'

describe.each(ENGINE_SERVERS)('the lint of migrations on $name', (server) => {
  let town: EngineTown
  afterEach(() => town.close())

  function open(title: string, files: Readonly<Record<string, string>>): void {
    town = new EngineTown(server, `lint ${title}`, { files })
  }
  const MADE = '-- Up Migration\ncreate table a (id int, b int);\n-- Down Migration\ndrop table a;\n'

  test('errors and warnings have file, line and code; the ways down are there to drop', async () => {
    open('finds', {
      [FIRST]: MADE,
      [SECOND]:
        '-- Up Migration\n/* one */\nalter table a\n  drop column b;\n\nalter table a add c int not null;\n' +
        '-- Down Migration\ncommit;\nalter table a drop column c;\n',
      '20200103000000_third.sql': 'drop table a;',
    })
    const findings = await town.tenancy.lint()
    const short = findings.map(({ severity, code, migration, line, direction }) =>
      [severity, code, migration.slice(15), direction, line ?? '-'].join(' '),
    )
    expect(short).toEqual([
      'warning drop-column second up 3',
      'warning not-null-without-default second up 6',
      'error refused second down 8',
      'warning drop-table third up 1',
      'warning no-way-down third down -',
    ])
    expect(findings[0]).toMatchObject({
      path: join(town.folder.path, SECOND),
      statement: 'alter table a drop column b',
      reason: expect.stringContaining('The column b is dropped'),
      cure: expect.stringContaining('Expand and contract'),
    })
  })

  test('a comment switches a warning off, and no error', async () => {
    open('ignored', {
      [FIRST]: MADE,
      [SECOND]:
        '-- rowhouse-lint-ignore no-way-down\n\n-- rowhouse-lint-ignore drop-column refused\nalter table a drop column b;\n' +
        'alter table a drop column c;\n-- rowhouse-lint-ignore refused\ncommit;',
    })
    expect((await town.tenancy.lint()).map(({ code, line }) => [code, line])).toEqual([
      ['drop-column', 5],
      ['refused', 7],
    ])
  })

  test('a program that asks the database is left for its run, and one that can be read is read', async () => {
    const isPostgres = server.engine === 'postgres'
    open('programs', {
      '20200101000000_asks.js': isPostgres
        ? "exports.up = async (pgm) => { await pgm.db.query('commit') }; exports.down = false"
        : "exports.up = async (db) => { await db.query('commit') }",
      ...(isPostgres
        ? {
            '20200102000000_drops.js':
              "exports.up = (pgm) => pgm.dropColumn('a', 'b'); exports.down = () => {}",
            '20200103000000_drops.js':
              "// rowhouse-lint-ignore drop-column\nexports.up = (pgm) => pgm.dropColumn('a', 'b'); exports.down = () => {}",
          }
        : {}),
    })
    const findings = await town.tenancy.lint()
    expect(findings.map(({ code, migration }) => `${code} ${migration}`)).toEqual([
      'no-way-down 20200101000000_asks',
      ...(isPostgres ? ['drop-column 20200102000000_drops'] : []),
    ])
  })

  test('a file that has no way up, or that can not be split, is broken', async () => {
    open('broken', { '20200101000000_none.js': 'exports.down = false; exports.up = false' })
    expect(await town.tenancy.lint()).toMatchObject([
      { severity: 'error', code: 'broken', direction: 'up', reason: expect.stringContaining('"up"') },
      { severity: 'warning', code: 'no-way-down' },
    ])
  })

  test('the CLI exits with 3 for errors, with --strict for warnings, too', async () => {
    open('cli', { [FIRST]: MADE, [SECOND]: 'drop table a;' })
    const folder = mkdtempSync(join(tmpdir(), 'rowhouse-cli-'))
    const config = join(folder, 'rowhouse.config.json')
    // Nobody answers there: a lint asks no database.
    const [url, nowhere] =
      server.engine === 'postgres'
        ? ['connectionString', 'postgres://a@127.0.0.1:1/x']
        : ['uri', 'mysql://a@127.0.0.1:1/x']
    writeFileSync(
      config,
      JSON.stringify({ engine: server.engine, [url]: nowhere, migrations: town.folder.path }),
    )
    const run = async (...args: string[]): Promise<{ code: number; out: string }> => {
      let out = ''
      const code = await runProgram(['--config', config, ...args], {
        ...{ out: (text) => (out += text), err: (text) => (out += text), ask: undefined },
      })
      return { code, out }
    }
    try {
      const { code, out } = await run('lint')
      expect(code).toBe(0)
      expect(out).toMatch(
        /^warning: drop-table at 20200102000000_second\.sql:1\n  drop table a: The table a is dropped\./,
      )
      expect(out).toMatch(/\n\n0 errors, 2 warnings\n$/)
      expect((await run('lint', '--strict')).code).toBe(3)
      expect(JSON.parse((await run('--json', 'lint')).out)).toHaveLength(2)
      town.folder.write(SECOND, 'commit;')
      expect(await run('lint')).toMatchObject({ code: 3, out: expect.stringContaining('error: refused at') })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

test('docs/knowing.md has each code of the lint, and no other', () => {
  const source = readFileSync('src/lint-finding.ts', 'utf8').split('/** What is wrong')[0]!
  const codes = [...source.matchAll(/\| '([a-z-]+)'/g)].map((hit) => hit[1])
  const rows = [...readFileSync('docs/knowing.md', 'utf8').matchAll(/^\| `([a-z-]+)` \|/gm)]
  expect(rows.map((hit) => hit[1]).sort()).toEqual(codes.sort())
})
