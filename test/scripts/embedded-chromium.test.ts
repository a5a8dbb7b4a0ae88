import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { findBrowser } from '../../scripts/embedded-chromium/find'
import { startChromium } from '../../scripts/embedded-chromium/start'
import { isRunning } from '../support/processes'

/** The first time there may be a hundred megabytes to fetch. */
const PATIENCE_MS = 300_000

const environment = { ...process.env }
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rowhouse-path-'))
})

afterEach(() => {
  process.env = { ...environment }
  rmSync(folder, { recursive: true, force: true })
})

/** Each process whose command line has a text in it: a browser is several. */
function processesOf(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
    } catch {
      return false
    }
  })
}

async function waitUntilGone(browser: { readonly pid: number; readonly folder: string }): Promise<void> {
  const isGone = (): boolean =>
    !isRunning(browser.pid) && processesOf(browser.folder).length === 0 && !existsSync(browser.folder)
  const deadline = Date.now() + 20_000
  while (!isGone() && Date.now() < deadline) await sleep(20)
  expect(isGone()).toBe(true)
}

function makeProgram(name: string, script: string): string {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return file
}

test(
  'browsers that are started at the same time share nothing, show text, and leave nothing',
  async () => {
    const started = await Promise.all([startChromium(), startChromium()])
    const cookies: unknown[] = []
    for (const { url } of started) {
      const browser = await chromium.connectOverCDP(url)
      const context = browser.contexts()[0]!
      cookies.push(await context.cookies())
      await context.addCookies([{ name: 'only', value: 'here', url: 'http://127.0.0.1' }])
      const page = await context.newPage()
      await page.setContent('<span>wide</span>')
      // Without any font it would be as wide as nothing.
      expect(await page.evaluate("document.querySelector('span').offsetWidth")).toBeGreaterThan(10)
      await browser.close()
    }
    expect(cookies).toEqual([[], []])
    await Promise.all(started.map((one) => one.stop()))
    for (const one of started) await waitUntilGone(one)
  },
  PATIENCE_MS,
)

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a process that ends by %s takes its browser along',
  async (signal) => {
    const holder = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'hold-chromium.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface(holder.stdout), 'line')) as [string]
    const held = JSON.parse(line) as { pid: number; folder: string }
    expect(processesOf(held.folder).length).toBeGreaterThan(1)
    holder.kill(signal)
    await waitUntilGone(held)
  },
  PATIENCE_MS,
)

describe('which browser it is', () => {
  const unpack = () => ({ program: 'unpacked', env: {} })

  test('that of CHROME_PATH comes first, then one on PATH, then the packages', () => {
    const [named, found] = [makeProgram('mine', ''), makeProgram('chromium', '')]
    process.env.CHROME_PATH = named
    process.env.PATH = folder
    expect(findBrowser(unpack)).toEqual({ program: named, env: {} })
    process.env.CHROME_PATH = ''
    expect(findBrowser(unpack)).toEqual({ program: found, env: {} })
    process.env.PATH = ''
    expect(findBrowser(unpack)).toEqual({ program: 'unpacked', env: {} })
  })

  test('a CHROME_PATH that names nothing is refused', () => {
    process.env.CHROME_PATH = join(folder, 'nothing')
    expect(() => findBrowser(unpack)).toThrow(
      `CHROME_PATH is "${folder}/nothing", and there is no such file.`,
    )
  })

  test('a script that starts a snap is passed over, and where nothing is left, it says what to do', () => {
    delete process.env.CHROME_PATH
    makeProgram('chromium-browser', 'exec /snap/bin/chromium "$@"')
    process.env.PATH = folder
    expect(findBrowser(unpack).program).toBe('unpacked')
    const fail = () => {
      throw new Error('no such package')
    }
    expect(() => findBrowser(fail)).toThrow(/snap only\)\. Set CHROME_PATH to .* no such package/)
  })
})

test('what a browser says when it does not start is told, and nothing is left', async () => {
  process.env.CHROME_PATH = makeProgram('chromium', 'echo "no memory left" >&2; exit 1')
  process.env.TMPDIR = folder
  await expect(startChromium()).rejects.toThrow('no memory left')
  expect(readdirSync(folder)).toEqual(['chromium'])
})

test('one whose sandbox can not be had here is started without', async () => {
  jest.spyOn(process, 'getuid').mockReturnValue(1000)
  process.env.CHROME_PATH = makeProgram(
    'chromium',
    'case "$*" in *--no-sandbox*) echo "DevTools listening on ws://" >&2; exec sleep 60;; esac\n' +
      'echo "No usable sandbox!" >&2; exit 1',
  )
  try {
    const started = await startChromium()
    expect(isRunning(started.pid)).toBe(true)
    await started.stop()
    await waitUntilGone(started)
  } finally {
    jest.restoreAllMocks()
  }
})
