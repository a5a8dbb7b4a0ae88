import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Change, Mutant } from './mutant'

/** What came of a mutant. */
export interface Outcome {
  /** Errors of the compiler; empty when it compiles. */
  readonly compiler: string
  /** Findings that the test printed, by type. */
  readonly found: readonly string[]
  /** The end of what was printed, for whoever must find out why nothing was found. */
  readonly output: string
}

const PROJECT = join(__dirname, '../../..')
const PARTS = ['src', 'test', 'scripts', 'example-app', 'tenant-migrations']
const FILES = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'jest.config.ts']
const OUTPUT_LENGTH = 4000

/** Puts a bug into a copy of the project, and runs the test that must find it. */
export function runMutant(mutant: Mutant): Promise<Outcome> {
  return inCopy(mutant, async (copy) => {
    const { output } = await run(copy, [
      'node_modules/jest/bin/jest.js',
      '-i',
      mutant.test,
      '-t',
      mutant.title,
    ])
    const found = [...output.matchAll(/"type": "([a-z ]+)"/g)].map(([, type]) => type!)
    return { compiler: '', found: [...new Set(found)], output: output.slice(-OUTPUT_LENGTH) }
  })
}

/** The same by `npm run torture` with these arguments. @returns what it printed */
export async function tortureMutant(mutant: Mutant, args: readonly string[]): Promise<string> {
  const { output } = await inCopy(mutant, async (copy) => {
    const { code, output } = await run(copy, [
      'node_modules/tsx/dist/cli.mjs',
      'test/torture/main.ts',
      ...args,
    ])
    return { compiler: '', found: [], output: `${output}\nexit code ${code}` }
  })
  return output
}

async function inCopy(mutant: Mutant, work: (copy: string) => Promise<Outcome>): Promise<Outcome> {
  const copy = mkdtempSync(join(tmpdir(), 'rowhouse-mutant-'))
  try {
    for (const part of [...PARTS, ...FILES])
      cpSync(join(PROJECT, part), join(copy, part), { recursive: true })
    symlinkSync(join(PROJECT, 'node_modules'), join(copy, 'node_modules'))
    for (const change of mutant.changes) apply(copy, change)
    const compiled = await run(copy, [
      'node_modules/typescript/bin/tsc',
      '-p',
      'tsconfig.build.json',
      '--noEmit',
    ])
    if (compiled.code !== 0) return { compiler: compiled.output, found: [], output: '' }
    return await work(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function apply(copy: string, { file, find, replace }: Change): void {
  const path = join(copy, 'src', file)
  const parts = readFileSync(path, 'utf8').split(find)
  if (parts.length !== 2)
    throw new Error(`What is to be changed stands ${parts.length - 1} times in src/${file}: ${find}`)
  writeFileSync(path, parts.join(replace))
}

async function run(cwd: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  // A jest of its own, and no worker of this one.
  const { JEST_WORKER_ID: _worker, ...env } = process.env
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()))
  const [code] = (await once(child, 'exit')) as [number | null]
  return { code, output }
}
