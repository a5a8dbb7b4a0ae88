import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nearest } from '../../src/cli/did-you-mean'
import { paintFor } from '../../src/cli/paint'
import { createPrinter } from '../../src/cli/print'
import { runProgram } from '../../src/cli/program'
import { dropPrefix, SERVERS, uniquePrefix } from '../support/servers'

const ESCAPE = String.fromCharCode(27)

async function run(
  args: readonly string[],
  colours?: { out: boolean; err: boolean },
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const code = await runProgram(args, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    ask: undefined,
    colours,
  })
  return { code, out, err }
}

/** The commands that the help lists. */
async function commandNames(): Promise<string[]> {
  const { out } = await run(['--help'])
  return [...out.matchAll(/^ {2}([a-z]+) .*(?:\[|<| {2})/gm)].map((match) => match[1]!)
}

describe('help', () => {
  test('lists every command in a group, and examples', async () => {
    const { code, out } = await run(['--help'])
    expect(code).toBe(0)
    const titles = ['Start:', 'Tenants:', 'Migrations:', 'Setting right:', 'Work in tenants:', 'Examples:']
    for (const title of titles) expect(out).toContain(`\n${title}\n`)
    expect(await commandNames()).toHaveLength(21)
  })

  test('every command has examples, and every flag in them is one of its own', async () => {
    for (const name of (await commandNames()).filter((one) => one !== 'help')) {
      const { out } = await run([name, '--help'])
      const [own, examples] = out.split('\nExamples:\n') as [string, string]
      const lines = examples.trim().split('\n')
      expect(lines.length).toBeGreaterThan(0)
      for (const line of lines) {
        expect(line).toMatch(new RegExp(`^ *\\$ rowhouse (--json )?${name}( |$)`))
        const flags = line.replace(/ -- .*/, '').match(/ --?[a-z][a-z-]*/g) ?? []
        for (const flag of flags.map((one) => one.trim()).filter((one) => one !== '--json'))
          expect(own).toMatch(new RegExp(`(^|[ ,])${flag}\\b`, 'm'))
      }
    }
  })

  test.each([
    [['migrat'], 'migrate'],
    [['migrate', '--al'], '--all'],
    [['statsu'], 'status'],
  ])('%j: told what was probably meant, exit 2', async (args, meant) => {
    expect(await run(args)).toMatchObject({
      code: 2,
      err: expect.stringContaining(`(Did you mean ${meant}?)`),
    })
  })
})

describe('colours', () => {
  test('none where the stream shows none', async () => {
    expect((await run(['--help'])).out).not.toContain(ESCAPE)
    expect((await run(['nonsense'])).err).not.toContain(ESCAPE)
  })

  test('titles of the help and the word error on a terminal', async () => {
    const both = { out: true, err: true }
    expect((await run(['--help'], both)).out).toContain(`${ESCAPE}[1mExamples:${ESCAPE}[22m`)
    expect((await run(['--config', 'gone.json', 'list'], both)).err).toContain(`${ESCAPE}[31merror:`)
  })

  test('each stream for itself: a result that is piped has none, while its errors do', () => {
    const told = { out: '', err: '' }
    const printer = createPrinter(
      {
        out: (text) => (told.out += text),
        err: (text) => (told.err += text),
        colours: { out: false, err: true },
      },
      false,
    )
    printer.table(['tenant'], [['acme']], [])
    printer.error(new Error('odd'))
    expect(told.out).not.toContain(ESCAPE)
    expect(told.err).toContain(ESCAPE)
  })

  test('never in JSON', () => {
    let all = ''
    const take = (text: string): void => void (all += text)
    const printer = createPrinter({ out: take, err: take, colours: { out: true, err: true } }, true)
    printer.table(['tenant'], [['acme']], [{ tenant: 'acme' }])
    printer.error(new Error('odd'), { didYouMean: 'acme' })
    expect(all).not.toContain(ESCAPE)
    expect(JSON.parse(all.split('\n')[1]!)).toMatchObject({ message: 'odd', didYouMean: 'acme' })
  })

  test('a table is as wide with them as without', () => {
    const widthOf = (hasColours: boolean): number => {
      let out = ''
      const colours = { out: hasColours, err: false }
      const printer = createPrinter({ out: (text) => (out += text), err: () => {}, colours }, false)
      printer.table(['tenant', 'x'], [['a', 'b']], [])
      return out.split('\n')[1]!.length
    }
    expect(widthOf(true)).toBe(widthOf(false))
  })

  test('what is meant is what is shown', () => {
    const { good, bad } = paintFor(true)
    expect([good('x'), bad('x')]).toEqual([`${ESCAPE}[32mx${ESCAPE}[39m`, `${ESCAPE}[31mx${ESCAPE}[39m`])
    expect(paintFor(false).bad('x')).toBe('x')
  })
})

describe('a tenant that was probably meant', () => {
  test.each([
    ['amce', ['acme', 'globex'], 'acme'],
    ['acm', ['acme'], 'acme'],
    ['a', ['b'], undefined],
    ['zzzz', ['acme'], undefined],
    ['acme', [], undefined],
    ['acne', ['acme', 'acne2'], 'acme'],
  ])('%s of %j: %s', (word, known, meant) => {
    expect(nearest(word, known)).toBe(meant)
  })

  const server = SERVERS[0]!
  test('is told by each command that looks for one, and exit code and effect stay', async () => {
    const prefix = uniquePrefix('cli meant')
    const folder = mkdtempSync(join(tmpdir(), 'rowhouse-meant-'))
    const config = join(folder, 'rowhouse.config.json')
    const urls = { connectionString: server.appUrl, migrationUrl: server.ownerUrl }
    writeFileSync(config, JSON.stringify({ ...urls, prefix, migrations: folder }))
    try {
      expect((await run(['-c', config, 'create', 'acme'])).code).toBe(0)
      for (const args of [
        ['drop', 'amce', '--confirm', 'amce'],
        ['status', 'amce'],
        ['sql', 'amce', 'select 1'],
        ['rollback', 'amce', '--yes'],
        ['migrate', 'amce'],
      ]) {
        expect({ args, ...(await run(['-c', config, ...args])) }).toMatchObject({
          code: 1,
          err: expect.stringMatching(/no tenant "amce"[^]*did you mean acme\?/i),
        })
      }
      const json = await run(['-c', config, '--json', 'status', 'amce'])
      expect(JSON.parse(json.err)).toMatchObject({ tenant: 'amce', didYouMean: 'acme' })
      expect((await run(['-c', config, 'status', 'zzzzzzzz'])).err).not.toContain('Did you mean')
      expect((await run(['-c', config, 'list'])).out).toContain('acme')
    } finally {
      rmSync(folder, { recursive: true, force: true })
      await dropPrefix(server, prefix)
    }
  })
})
