import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { startChromium } from '../embedded-chromium/start'
import { openScene } from './scene'
import type { Scene } from './scene'

/** A picture of the README. */
interface Shot {
  /** `docs/images/NAME.png` */
  readonly name: string
  /** What is to be different from then on. */
  readonly prepare?: (scene: Scene) => Promise<void>
  readonly url: (scene: Scene) => string
  readonly options?: BrowserContextOptions
}

const SHOTS: readonly Shot[] = [
  { name: 'example-widgets', url: ({ tenantUrl }) => `${tenantUrl}/widgets` },
  {
    name: 'admin-fleet',
    prepare: (scene) => scene.spread(),
    url: ({ url }) => `${url}/admin`,
    options: { viewport: { width: 960, height: 860 } },
  },
]

/** Elsewhere, to look at them first. */
const FOLDER = process.env.SCREENSHOTS || join(__dirname, '../../docs/images')
const VIEW: BrowserContextOptions = {
  viewport: { width: 960, height: 600 },
  deviceScaleFactor: 1.25,
  colorScheme: 'light',
}

/** They are part of the repository, and of the package's page. */
const MAX_BYTES = 150_000

/** Takes the pictures of the README, of the example application as it is. */
async function main(): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  const scene = await openScene()
  try {
    const started = await startChromium()
    try {
      const browser = await chromium.connectOverCDP(started.url)
      for (const shot of SHOTS) await take(browser, scene, shot)
      await browser.close()
    } finally {
      await started.stop()
    }
  } finally {
    await scene.close()
  }
}

async function take(browser: Browser, scene: Scene, { name, prepare, url, options }: Shot): Promise<void> {
  const path = join(FOLDER, `${name}.png`)
  await prepare?.(scene)
  const context = await browser.newContext({ ...VIEW, ...options })
  const page = await context.newPage()
  await page.goto(url(scene))
  await page.screenshot({ path })
  await context.close()
  const { size } = await stat(path)
  if (size > MAX_BYTES) throw new Error(`${path} has ${size} bytes; ${MAX_BYTES} are allowed.`)
  console.log(`${path}: ${Math.ceil(size / 1000)} kB`)
}

void main()
