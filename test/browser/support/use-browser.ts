import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { startChromium } from '../../../scripts/embedded-chromium/start'
import type { StartedChromium } from '../../../scripts/embedded-chromium/start'
import { Complaints } from './complaints'

/** The first time there may be a hundred megabytes to fetch. */
const PATIENCE_MS = 300_000

/** Pages are of this machine, so what is not there after this time is not coming. */
const ACTION_MS = 10_000

/** How the pages of a visit are seen. */
export interface VisitOptions extends Pick<
  BrowserContextOptions,
  'colorScheme' | 'javaScriptEnabled' | 'viewport'
> {
  /** More hosts that the pages may talk to, `acme.localhost:4000`. */
  readonly hosts?: readonly string[]
}

/** A fresh browser as far as a site can tell: no cookies, no cache, one empty page. */
export interface Visit {
  readonly page: Page
  /** For further tabs. */
  readonly context: BrowserContext
  readonly complaints: Complaints
}

/** The browser of a test file. */
export interface TestBrowser {
  /**
   * Looks at a site in a fresh context.
   *
   * @param site - `http://127.0.0.1:4000`; relative addresses begin there
   * @throws what `work` throws, with the names of screenshots of all open pages; and an error that lists the complaints,
   *   if there were any: see {@link Complaints}
   */
  visit(site: string, work: (visit: Visit) => Promise<void>, options?: VisitOptions): Promise<void>
}

/** Starts a browser before the tests of a file, and ends it after them. Call it once, at the top. */
export function useBrowser(): TestBrowser {
  let started: StartedChromium | undefined
  let browser: Browser | undefined
  beforeAll(async () => {
    started = await startChromium()
    browser = await chromium.connectOverCDP(started.url)
  }, PATIENCE_MS)
  afterAll(async () => {
    await browser?.close()
    await started?.stop()
  })
  return {
    async visit(site, work, { hosts = [], ...options } = {}) {
      const context = await browser!.newContext({ baseURL: site, locale: 'en-US', ...options })
      try {
        context.setDefaultTimeout(ACTION_MS)
        const complaints = Complaints.watch(context, [new URL(site).host, ...hosts])
        await withScreenshots(context, async () => {
          const page = await context.newPage()
          await work({ page, context, complaints })
          // Whatever a page still has to say.
          await Promise.all(context.pages().map((each) => each.title()))
          const all = complaints.all()
          if (all.length > 0) throw new Error(`The browser complained:\n  ${all.join('\n  ')}`)
        })
      } finally {
        await context.close()
      }
    },
  }
}

async function withScreenshots(context: BrowserContext, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const folder = await mkdtemp(join(tmpdir(), 'rowhouse-screenshots-'))
    const files = context.pages().map((_, index) => join(folder, `page-${index + 1}.png`))
    const shots = context
      .pages()
      .map((page, index) => page.screenshot({ path: files[index]!, fullPage: true }))
    await Promise.allSettled(shots)
    if (error instanceof Error) error.message += `\nScreenshots: ${files.join(', ')}`
    throw error
  }
}
