import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../../src/cli/program'
import { BLOCKS, PAGES, ROOT } from './support/pages'

/** A line of the command line, wherever a page has one. */
interface Line {
  readonly place: string
  readonly text: string
}

/** What stands in blocks, and between backticks in a sentence. */
const LINES: readonly Line[] = [
  ...BLOCKS.flatMap(({ place, text }) => text.split('\n').map((line) => ({ place, text: line }))),
  ...PAGES.flatMap(({ path, text }) =>
    [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map((hit) => ({
      place: path,
      text: hit[1]!,
    })),
  ),
]

async function helpOf(command: string): Promise<string> {
  let out = ''
  const write = (text: string): void => void (out += text)
  await runProgram([command, '--help'], { out: write, err: () => {}, ask: undefined })
  return out
}

/** A command, and the flags that stand behind it. */
function readCommand(text: string): { command: string; flags: string[] } | undefined {
  const found =
    /^(?:\$ |\w+=\S+ )*(?:npx )?rowhouse(?: --?(?:json|config|c)(?: \S+\.\w+)?)* ([a-z]+)\b(.*)$/.exec(
      text.trim(),
    )
  if (found === null) return undefined
  const [, command = '', rest = ''] = found
  const words = rest.replace(/ -- .*| {2,}.*|"[^"]*"|#.*/g, ' ')
  return { command, flags: [...words.matchAll(/(?<=^|[\s[|])--[a-z][a-z-]*/g)].map(([flag]) => flag) }
}

test('each command that a page shows is one, with flags that it has', async () => {
  const known = await helpOf('nothing')
  const wrong: string[] = []
  let seen = 0
  for (const { place, text } of LINES) {
    const read = readCommand(text)
    if (read === undefined) continue
    seen += 1
    const help = await helpOf(read.command)
    const isCommand =
      help !== '' && help !== known && new RegExp(`^Usage: rowhouse ${read.command}\\b`).test(help)
    const strange = read.flags.filter(
      (flag) => !['--json', '--config', '--help'].includes(flag) && !help.includes(flag),
    )
    if (!isCommand || strange.length > 0)
      wrong.push(`${place}: ${text} (${strange.join(' ') || 'no such command'})`)
  }
  expect(wrong).toEqual([])
  expect(seen).toBeGreaterThan(60)
})

test('each npm script that a page shows is one', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
  const shown = LINES.flatMap(({ place, text }) =>
    [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map((hit) => ({ place, name: hit[1]! })),
  )
  expect(shown.length).toBeGreaterThan(8)
  expect(shown.filter(({ name }) => !Object.hasOwn(scripts, name))).toEqual([])
})

test('a command, or a flag, that is none is noticed', () => {
  expect(readCommand('$ npx rowhouse migrate --all --canary 3   # all of them')).toEqual({
    command: 'migrate',
    flags: ['--all', '--canary'],
  })
  expect(readCommand('DATABASE_URL=... npx rowhouse create acme')).toEqual({ command: 'create', flags: [] })
  expect(readCommand('rowhouse --json list --dropped')).toEqual({ command: 'list', flags: ['--dropped'] })
  expect(readCommand('a rowhouse is a house')).toBeUndefined()
})

test('each JSON of a page is JSON', () => {
  const broken = BLOCKS.filter(({ kind }) => kind === 'json').filter(({ text }) => {
    try {
      JSON.parse(text.trim().startsWith('{') ? text : `{${text}}`)
      return false
    } catch {
      return true
    }
  })
  expect(broken).toEqual([])
})
